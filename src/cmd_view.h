/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CMD_VIEW_H
#define DOCKFW_CMD_VIEW_H

#include "json.h"
#include "options.h"
#include "session.h"
#include "world.h"

/* What --exposure and --trace read: all tables, and the network beside them. */
struct view {
	const struct options *options;
	struct policy *configured;
	struct session session;
	struct snapshot *snapshot;
	struct other_filters others;
	struct netinfo info;
	struct world world; /* of these; without proxies */
};

/*
 * Reads the configuration (the defaults where nobody named one and the usual file
 * is not there), all tables and the network of these families (bits 1U << FAMILY_…;
 * 0: the configured ones). Returns 0, or -1, said; the caller clears the view in
 * any case.
 */
int view_read(struct view *view, const struct options *options, unsigned int families);
void view_clear(struct view *view);

/* Writes the frame of every json answer with value as that key; takes value over. NULL: -1. */
int view_write_json(const struct view *view, FILE *out, const char *key, json_t *value);

#endif
