/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_REPORT_EXPOSURE_H
#define DOCKFW_REPORT_EXPOSURE_H

#include <stdbool.h>
#include <stdio.h>

#include "exposure.h"
#include "json.h"
#include "rule_texts.h"

/*
 * The exposure as text: with a width (of the terminal) a table that fits it,
 * with width 0 one line for each port and group of interfaces that fare alike.
 * Returns -1, said, where the rules could not be printed.
 */
int report_exposure_text(FILE *out, const struct exposure_list *list, bool colour,
			 unsigned int width);

/*
 * The same as json: an array with one object a port. NULL, said, where the
 * rules could not be printed.
 *
 * family          "ipv4" or "ipv6"
 * protocol        "tcp", "udp", "sctp"
 * host            the host's addresses that it is published on: an array, or
 *                 null for every one of them
 * port            on the host; "port_end" beside it where it is a range
 * container       {"family", "address", "port"}, with "port_end" for a range
 * network         the bridge that leads to the container, or null
 * answers         "dnat": the container, by Docker's translation; "proxy":
 *                 docker-proxy on the host, so that INPUT decides and
 *                 DOCKER-USER is not asked; "both": the one for some, the
 *                 other for others; "direct": nothing translates, and the
 *                 container can be reached at its own address; "nobody"
 * openness        "open" to all, "limited" to some, "maybe", "closed"
 * nearby          true: no router of the internet leads to that address, so only
 *                 hosts on the same link, or that route to it, can send to it
 * allowed         true: a publish section allows any
 * translation     {"table", "chain", "rule", "text"} of the DNAT rule, or null
 * decided_by      {"table", "chain", "rule", "text", "reason"}: what decides;
 *                 rule is null for a policy, table and chain are null where it
 *                 is neither rule nor policy, and reason says what then
 * ways            one object for each group of interfaces that fare alike:
 *   interfaces    their names
 *   open          the sources that get in: addresses, prefixes, "a-b"; addresses
 *                 that nobody outside has, such as the host's own, are of no account
 *   maybe         those of which it cannot be decided
 *   everyone      true: all who can send there, the world among them
 *   opened_by, closed_by, undecided_by
 *                 as decided_by, or null: what lets the most of them in, keeps
 *                 the most out, and what cannot be decided
 */
json_t *report_exposure_json(const struct exposure_list *list);

/* The texts of all rules that a list names; clear them in any case. */
int report_exposure_rules(const struct exposure_list *list, struct named_rules *texts);

#endif
