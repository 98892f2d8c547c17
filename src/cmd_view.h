/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CMD_VIEW_H
#define DOCKFW_CMD_VIEW_H

#include "configuration.h"
#include "json.h"
#include "options.h"
#include "session.h"
#include "unjudged.h"
#include "world.h"

/* What --exposure and --trace read: all tables and the network configuration. */
struct view {
	const struct options *options;
	struct configuration configuration;
	struct session session;
	struct snapshot *snapshot;
	struct snapshot *guard; /* NULL: it is in the one above */
	struct other_filters others;
	struct netinfo info;
	struct ipsets sets;
	struct unjudged unjudged;
	struct world world; /* refers to the above; without proxies */
};

/*
 * Reads the configuration by configuration_view(), and all tables and the network for these
 * families (bits 1U << FAMILY_…; 0: the configured ones), and the tables of IPv4 in any case.
 * Warns of what cannot be judged. Returns 0, or -1 after reporting why; the caller clears the
 * view in any case.
 */
int view_read(struct view *view, const struct options *options, unsigned int families);
void view_clear(struct view *view);

/*
 * Only the tables and the network, for an open session that is not the view's own, into a view
 * of all zeroes. Returns 0, or -1 after reporting why; the caller clears the same in any case.
 */
int view_read_tables(struct view *view, const struct session *session);
void view_clear_tables(struct view *view);

/*
 * Writes a report by write() to the output of the options, as output_put() and
 * output_put_text() do.
 */
int view_put(const struct view *view, int (*write)(FILE *out, void *data), void *data);

/*
 * Writes a JSON report with the common keys and value under key; takes ownership of
 * value. Returns 0, or -1 if value is NULL.
 */
int view_write_json(const struct view *view, FILE *out, const char *key, json_t *value);

#endif
