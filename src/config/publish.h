/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_PUBLISH_H
#define DOCKFW_PUBLISH_H

#include "util.h"

/* Turns a publish section into the rules of DOCKER-USER that it stands for: pure. */

enum otherwise { OTHERWISE_REJECT, OTHERWISE_DROP };

struct publish {
	uint16_t port, last; /* on the host, from port to last */
	uint8_t proto;
	struct strings interfaces; /* none: every interface */
	/* Addresses of either family, with or without a prefix, and "host-firewall"; or only "any". */
	struct strings allow;
	enum otherwise otherwise;
};
void publish_clear(struct publish *publish);

/*
 * Reads the title. Returns NULL, or what is wrong with it (a constant). The other two
 * return the same for one value, given the values before it in its list.
 */
const char *publish_set_port(struct publish *publish, const char *text);
const char *publish_interface_fault(const struct strings *before, const char *text);
const char *publish_allow_fault(const struct strings *before, const char *text);

/* Whether everyone is let in. */
bool publish_is_any(const struct publish *publish);
/* Whether those are let in whom the host's own firewall lets in. */
bool publish_is_by_host(const struct publish *publish);

/*
 * Whether first already decides a port and an interface of second, which comes
 * after it. A later section for more interfaces ("eth+" after "eth0", none after any) is
 * for the others.
 */
bool publish_overlap(const struct publish *first, const struct publish *second);

/*
 * Adds the rules, as option texts in their order: one RETURN for each address
 * that is let in, then one rule that refuses the rest. They match on the port
 * that the client asked for (--ctorigdstport), since DOCKER-USER comes after the
 * translation, where --dport is the container's. --ctdir ORIGINAL excludes the
 * replies, and --ctstate DNAT excludes the containers' own connections to such a
 * port elsewhere.
 *
 * With "host-firewall", the last rule for each interface is one that lets pass: the guard
 * refuses the rest.
 */
void publish_rules(const struct publish *publish, struct strings *texts);

/*
 * Adds the rules of unlisted = "refuse", which come after those of all sections: one for
 * each interface of outside, or one for all. They refuse each connection that was
 * translated on this host and that no section has let in. With by_host, they are those of
 * unlisted = "host-firewall": they let pass what the guard then judges.
 *
 * An ICMP error about a reply counts as the client's packet: one rule before them, for each of
 * the families (bits 1U << FAMILY_…), lets in such errors of connections that exist. Without
 * them, a server never learns that its packets are too big for a link on their way.
 */
void publish_unlisted_rules(const struct strings *outside, unsigned int families, bool by_host,
			    struct strings *texts);

/*
 * The rule of on-error = "close", as option text, for any interface: it refuses a new
 * connection that was translated on this host.
 */
extern const char publish_closing_rule[];

#endif
