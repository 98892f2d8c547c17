/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_LEGACY_FILTERS_H
#define DOCKFW_LEGACY_FILTERS_H

#include "backend.h"
#include "other_filter.h"

/*
 * The backend's read_filters(): the built-in chains of the tables of ip_tables and
 * ip6_tables, and what their rules and the chains that they jump to can do. All base
 * chains there are made by iptables, so but_builtin leaves none.
 */
int legacy_read_filters(const struct backend_ops *ops, bool but_builtin,
			struct other_filters *filters);

#endif
