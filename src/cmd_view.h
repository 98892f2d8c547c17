/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CMD_VIEW_H
#define DOCKFW_CMD_VIEW_H

#include "json.h"
#include "options.h"
#include "session.h"
#include "world.h"

/* What --exposure and --trace read: all tables and the network configuration. */
struct view {
	const struct options *options;
	struct policy *configured;
	struct session session;
	struct snapshot *snapshot;
	struct snapshot *guard; /* NULL: it is in the one above */
	struct other_filters others;
	struct netinfo info;
	struct world world; /* refers to the above; without proxies */
};

/*
 * Reads the configuration (the defaults if none is named and the default file does not
 * exist), and all tables and the network for these families (bits 1U << FAMILY_…; 0:
 * the configured ones). Returns 0, or -1 after reporting why; the caller clears the
 * view in any case.
 */
int view_read(struct view *view, const struct options *options, unsigned int families);
void view_clear(struct view *view);

/*
 * Writes a JSON report with the common keys and value under key; takes ownership of
 * value. Returns 0, or -1 if value is NULL.
 */
int view_write_json(const struct view *view, FILE *out, const char *key, json_t *value);

#endif
