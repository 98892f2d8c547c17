/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_WANTED_FATE_H
#define DOCKFW_WANTED_FATE_H

#include "exposure.h"
#include "packet.h"
#include "policy.h"

/*
 * What the configured rules of DOCKER-USER do with a packet, and what the guard does for those
 * that leave a port to the host's own firewall. Pure.
 */

struct wanted_fate {
	/* Owned: the sources that are refused, and those of a rule about the port of the host. */
	struct addrset refused, refused_port;
	/*
	 * Owned: the sources that a rule about a port lets in, or may let in; not those of a rule
	 * that leaves the port to a firewall which the host does not have.
	 */
	struct addrset let_port;
};

/*
 * Follows the packet, as it would be in FORWARD, from these sources through the rules
 * and fills in fate, which the caller clears. Only what is certain is refused. A rule is
 * about the port of the host if it, or a rule that jumps to its chain, matches on that
 * (--ctorigdstport), or if it is of a publish section or of unlisted; a plain --dport is about a
 * port, that of the container.
 *
 * by_input are the sources that docker-proxy answers, NULL: none. INPUT has let them in, so a
 * rule that leaves the port to the host's own firewall does not refuse them.
 */
void wanted_fate(const struct policy *policy, const struct packet *packet,
		 const struct netinfo *info, const struct addrset *sources,
		 const struct addrset *by_input, struct wanted_fate *fate);
void wanted_fate_clear(struct wanted_fate *fate);

/*
 * Whether a rule can be about that port of the host: one of a publish section is only about the
 * section's ports, which is seen at once.
 */
bool wanted_concerns(const struct policy *policy, const struct wanted_rule *wanted, uint8_t proto,
		     struct span port);

/*
 * The packet to a published port from that interface, as DOCKER-USER would see it after
 * Docker's translation, whether there is one or not.
 */
void wanted_packet(const struct netinfo *info, const struct exposure *exposure,
		   const struct netif *from, struct packet *packet);

#endif
