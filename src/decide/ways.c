/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ways.h"

#include <string.h>

bool interfaces_overlap(const struct interface *a, const struct interface *b)
{
	for (size_t i = 0; i < IFNAMSIZ; i++)
		if ((a->name[i] ^ b->name[i]) & a->mask[i] & b->mask[i])
			return false;
	return true;
}

/* Whether every name that part matches is one that whole matches. */
static bool contains(const struct interface *whole, const struct interface *part)
{
	for (size_t i = 0; i < IFNAMSIZ; i++)
		if (whole->mask[i] & ~part->mask[i])
			return false;
	return interfaces_overlap(whole, part);
}

/* One direction of the ways, and one condition. */
static bool narrow(const struct interface **is, const struct interface **not,
		   const struct interface *iface, bool inverted)
{
	if (!iface->mask[0])
		return true;
	if (inverted && *is && contains(iface, *is))
		return false;
	if (inverted) {
		*not = *not ? *not : iface;
		return true;
	}
	if (*is && !interfaces_overlap(*is, iface))
		return false;
	if (!*is || contains(*is, iface))
		*is = iface;
	return !*not || !contains(*not, *is);
}

bool ways_narrow(struct ways *ways, const struct rule *rule)
{
	return narrow(&ways->in, &ways->not_in, &rule->in, rule->invert & INV_IN) &&
	       narrow(&ways->out, &ways->not_out, &rule->out, rule->invert & INV_OUT);
}

static bool same(const struct interface *a, const struct interface *b)
{
	return a == b || (a && b && !memcmp(a, b, sizeof(*a)));
}

bool ways_same(const struct ways *a, const struct ways *b)
{
	return same(a->in, b->in) && same(a->out, b->out) && same(a->not_in, b->not_in) &&
	       same(a->not_out, b->not_out);
}
