/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_REPORT_TRACE_H
#define DOCKFW_REPORT_TRACE_H

#include <stdbool.h>
#include <stdio.h>

#include "json.h"
#include "rule_texts.h"
#include "trace.h"

/*
 * Prints a trace as text: with a width (of the terminal) indented by the depth of jumps,
 * with width 0 one step per line with its table and chain. Returns 0, or -1 after
 * reporting why the rules could not be printed.
 */
int report_trace_text(FILE *out, const struct trace *trace, bool colour, unsigned int width);

/*
 * The same as JSON, or NULL after reporting why the rules could not be printed.
 *
 * packet   {"family", "in", "out", "protocol", "to", "port", "from"}; port
 *          if the protocol has ports
 * steps    in order, each {"step", "depth", …}:
 *   chain  a built-in chain is entered; at
 *   rule   at; "matches": "yes", "maybe", "no"
 *   end    a user-defined chain ends; at
 *   policy at
 *   change how a rule changed the packet: at, text
 *   route  where it goes: text
 *   way    one of several ways that it may take from there: text
 *          at is {"table", "chain", "rule", "text", "reason"} as in the exposure
 * verdict  "forwarded", "local" (delivered to the host itself), "dropped",
 *          "refused", "lost" (no route, forwarding switched off, …) or "maybe"
 * ends     each possible end: {"verdict", "decided_by", "packet" as it left, or
 *          null}
 */
json_t *report_trace_json(const struct trace *trace);

/* Makes the texts of all rules that a trace names; clear them in any case. */
int report_trace_rules(const struct trace *trace, struct named_rules *texts);

#endif
