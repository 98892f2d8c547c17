/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session.h"

#include <errno.h>
#include <unistd.h>

#include "detect.h"
#include "diag.h"

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
		ops = backend_detect(session->backends, families);
	else
		ops = session->backends[configured->backend == CHOICE_NFT ? BACKEND_NFT
									   : BACKEND_LEGACY];
	if (!ops)
		return -1;
	if (ops == session->ops && session->policy->families == families)
		return 0;
	policy_free(session->policy);
	session->ops = ops;
	session->policy = policy_canonical(configured, families, ops->canonical);
	session->policy->guard_form = ops->kind == BACKEND_NFT ? NULL :
				      session->backends[BACKEND_NFT]->canonical;
	return 0;
}

int session_open(struct session *session, backend_list backends, const struct policy *configured)
{
	*session = (struct session){ .backends = backends, .configured = configured };
	return session_choose(session);
}

void session_close(struct session *session)
{
	policy_free(session->policy);
	*session = (struct session){ 0 };
}
