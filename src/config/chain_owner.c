/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "chain_owner.h"

#include <stddef.h>
#include <string.h>

#include "util.h"

const char *chain_owner(const char *name)
{
	static const struct {
		const char *begin; /* of a name */
		const char *program;
	} owners[] = {
		{ "f2b-", "fail2ban" },
		{ "fail2ban-", "fail2ban" }, /* before 0.9 */
		{ "CROWDSEC", "CrowdSec" },
		{ "crowdsec", "CrowdSec" },
		{ "sshguard", "sshguard" },
		{ "ufw-", "ufw" },
		{ "ufw6-", "ufw" },
		{ "KUBE-", "kube-proxy" },
		{ "cali", "Calico" }, /* cali-FORWARD; sets: cali40all-… */
		{ "CILIUM_", "Cilium" },
		{ "OLD_CILIUM_", "Cilium" },
		{ "FLANNEL-", "flannel" },
		{ "WEAVE-", "Weave Net" },
		{ "CNI-", "a CNI plugin" },
		{ "NETAVARK", "Podman" },
		{ "LIBVIRT_", "libvirt" },
		{ "ts-forward", "Tailscale" },
		{ "ts-input", "Tailscale" },
		{ "nm-sh-", "NetworkManager" },
		{ "FORWARD_direct", "firewalld" },
		{ "MAILCOW", "mailcow" },
		{ "FWKNOP_", "fwknop" },
		{ "PSAD_", "psad" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(owners); i++)
		if (!strncmp(name, owners[i].begin, strlen(owners[i].begin)))
			return owners[i].program;
	return NULL;
}

const char *text_owner(const char *text)
{
	static const char *const options[] = { " --match-set ", " --name " };

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const char *at = text;

		while ((at = strstr(at, options[i]))) {
			const char *owner = chain_owner(at += strlen(options[i]));

			if (owner)
				return owner;
		}
	}
	return NULL;
}
