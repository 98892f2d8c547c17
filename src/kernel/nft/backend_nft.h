/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_BACKEND_NFT_H
#define DOCKFW_BACKEND_NFT_H

#include "backend.h"

extern const struct backend_ops backend_nft;

#endif
