/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_HOST_DIFFERS_H
#define DOCKFW_HOST_DIFFERS_H

#include "guard_rules.h"
#include "openings.h"

enum host_difference {
	HOST_SAME,
	HOST_OPEN,      /* the guard lets in too many */
	HOST_CLOSED,    /* it lets in too few */
	HOST_UNDECIDED, /* it lets in somebody of whom it is not known whether it should */
	HOST_KEPT,      /* it lets open connections go on that should end */
	HOST_CUT,       /* it refuses open connections that should go on */
};

/*
 * What the guard in the kernel lets in otherwise than the host's own firewall does, by its
 * rules that match on sets: as a sentence, which the caller frees, with ports, an interface
 * and sources. NULL: nothing, or rules of the configuration differ as well. Sets kind, to the
 * first of the above that there is. openings are those of which the guard was made; NULL:
 * nothing is undecided. Pure.
 */
char *host_differs(const struct guard *guard, const struct table *table,
		   const struct openings *openings, enum host_difference *kind);

#endif
