/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_REPORT_EXPOSURE_H
#define DOCKFW_REPORT_EXPOSURE_H

#include <stdbool.h>
#include <stdio.h>

#include "exposure.h"
#include "json.h"

/*
 * Prints the exposure as text: with a width (of the terminal) a table that fits it,
 * with width 0 one line for each port, address of the host and group of interfaces that
 * fare alike.
 * Returns 0, or -1 after reporting why the rules could not be printed.
 */
int report_exposure_text(FILE *out, const struct exposure_list *list, bool colour,
			 unsigned int width);

/*
 * Prints only the lines about what --fail-if-open counts, as in a pipe: what is open, then what
 * may be. Returns 0, or -1 as above.
 */
int report_exposure_counted(FILE *out, const struct exposure_list *list);

/*
 * The same as JSON: an array with one object per port, or NULL after reporting why the
 * rules could not be printed.
 *
 * family          "ipv4" or "ipv6"
 * protocol        "tcp", "udp", "sctp"; null: all of them, for a network
 * host            the host's addresses that it is published on, or prefixes:
 *                 an array, or null for all of them; for what was not published, the container's
 *                 own address, or a network ("172.17.0.0/16")
 * port            on the host; with "port_end" for a range; null: all that no other
 *                 object is about, for a network
 * container       {"family", "address", "port"}, with "port_end" for a range; the same
 *                 for a network
 * network         the bridge that leads to the container, or null
 * answers         "dnat": the container, after Docker's translation; "proxy":
 *                 docker-proxy on the host, so INPUT decides and DOCKER-USER
 *                 is never evaluated; "both": the container for some sources,
 *                 docker-proxy for others; "direct": nothing translates, and
 *                 the container can be reached at its own address; "nobody"
 * openness        "open" to all, "limited" to some, "maybe", "closed"
 * nearby          true: no router on the internet leads to that address, so only
 *                 hosts on the same link, or that route to it, can send to it
 * allowed         true: a publish section allows any, on all interfaces that lead outside
 * counts          what --fail-if-open counts: "open" to all from outside although no
 *                 section allows that, "maybe", or null
 * translation     {"table", "chain", "rule", "text"} of the DNAT rule, or null
 * decided_by      {"table", "chain", "rule", "text", "reason"}: what decides;
 *                 rule is null for a policy; if neither a rule nor a policy
 *                 decides, table and chain are null and reason says what does
 * ways            one object for each group of interfaces that fare alike:
 *   interfaces    their names
 *   outside       true: the setting outside names them, or is not set
 *   allowed       true: a publish section allows any there
 *   open          the sources that get in: addresses, prefixes, "a-b"; addresses
 *                 that no one outside has, such as the host's own, do not count
 *   maybe         those for which it cannot be decided
 *   unread_set    not null: the members of this set perhaps do not get in, but they could not
 *                 be read, so open has them
 *   by_invalid    true: some get in only by a UDP packet over IPv6 with the length 0, which is
 *                 INVALID to connection tracking
 *   everyone      true: all who can send there get in, including the world
 *   host_firewall like decided_by: where the guard decides for the host's own firewall,
 *                 what decides there; else null
 *   opened_by, closed_by, undecided_by
 *                 like decided_by, or null: what lets most sources in, what keeps
 *                 most out, and what cannot be decided
 */
json_t *report_exposure_json(const struct exposure_list *list);

#endif
