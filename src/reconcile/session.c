/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session.h"

#include <errno.h>
#include <unistd.h>

#include "detect.h"
#include "diag.h"
#include "docker_families.h"
#include "util.h"

/*
 * A kernel without IPv6 (ipv6.disable=1) has no IPv6 packets and no ip6_tables: a
 * repair of both families would install neither.
 */
int session_families(unsigned int *families)
{
	const unsigned int ipv6 = 1U << FAMILY_IPV6;

	if (!(*families & ipv6) || !access("/proc/self/net/if_inet6", F_OK) || errno != ENOENT ||
	    access("/proc/self/net/dev", F_OK))
		return 0;
	*families &= ~ipv6;
	diag_step(1, "this kernel has no IPv6: leaving it out");
	if (*families)
		return 0;
	diag_error("only IPv6 is selected, which this kernel does not have; select ipv4 as well");
	return -1;
}

int session_choose(struct session *session)
{
	const struct policy *configured = session->configured;
	unsigned int families = configured->families;
	const struct backend_ops *ops;

	if (session_families(&families))
		return -1;
	if (configured->backend == CHOICE_AUTO)
		ops = backend_detect(session->backends, families, session->known);
	else
		ops = session->backends[configured->backend == CHOICE_NFT ? BACKEND_NFT
									   : BACKEND_LEGACY];
	if (!ops)
		return -1;
	if (backend_check_built(ops, configured->backend == CHOICE_AUTO ?
				"what the iptables command here writes" : "chosen"))
		return -1;
	if (ops == session->ops && session->policy->families == families)
		return docker_families_read(session->backends, ops->kind, session->policy);
	if (ops != session->ops && configured->backend == CHOICE_AUTO)
		diag_step(1, "backend %s", backend_kind_name(ops->kind));
	policy_free(session->policy);
	/* The rules are of the form of the other backend now, which may take them. */
	refusals_clear(&session->refused);
	session->ops = ops;
	session->policy = policy_canonical(configured, families, ops->canonical);
	session->policy->guard_form = ops->kind == BACKEND_NFT ? NULL :
				      session->backends[BACKEND_NFT]->canonical;
	return docker_families_read(session->backends, ops->kind, session->policy);
}

int session_open(struct session *session, backend_list backends, const struct policy *configured)
{
	*session = (struct session){ .backends = backends, .configured = configured };
	return session_choose(session);
}

void session_wrote(struct session *session, uint32_t base)
{
	/* 0 is never used (nf_tables_commit()). */
	session->own[session->nown++ % ARRAY_SIZE(session->own)] = base + 1 ? base + 1 : 1;
}

bool session_made(const struct session *session, uint32_t generation)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(session->own) && i < session->nown; i++)
		if (session->own[i] == generation)
			return true;
	return false;
}

void session_close(struct session *session)
{
	policy_free(session->policy);
	refusals_clear(&session->refused);
	*session = (struct session){ 0 };
}
