/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_LEGACY_FILTERS_H
#define DOCKFW_LEGACY_FILTERS_H

#include "backend.h"
#include "other_filter.h"

/*
 * The backend's read_filters(): INPUT and FORWARD of the filter tables of ip_tables and
 * ip6_tables. All base chains there are made by iptables, so but_builtin leaves none.
 */
int legacy_read_filters(const struct backend_ops *ops, bool input_only, bool but_builtin,
		     struct other_filters *filters);

#endif
