/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_BACKEND_LEGACY_H
#define DOCKFW_BACKEND_LEGACY_H

#include "backend.h"

extern const struct backend_ops backend_legacy;

#endif
