/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exposure_invalid.h"

#include "exposure_judge.h"

/* The members of both without those in except, which may be NULL; in the pool. */
static const struct addrset *either(struct addrpool *pool, const struct addrset *a,
				    const struct addrset *b, const struct addrset *except)
{
	const struct addrset *kept;
	struct addrset both = { 0 };

	addrset_copy(&both, a);
	addrset_unite(&both, b);
	if (except)
		addrset_subtract(&both, except);
	kept = addrpool_keep(pool, &both);
	addrset_clear(&both);
	return kept;
}

/* What keeps most out stays what it is: it is about all other packets. */
static void add(struct addrpool *pool, struct exposed_way *way, const struct exposed_way *other)
{
	const struct addrset *open = either(pool, way->open, other->open, NULL);
	const struct addrset *maybe = either(pool, way->maybe, other->maybe, open);

	/* The pool keeps equal sets once. */
	if (open == way->open && maybe == way->maybe)
		return;
	if (open != way->open) {
		way->open_by = other->open_by;
		way->has_open_by = other->has_open_by;
	} else if (!way->has_doubt) {
		way->doubt = other->doubt;
		way->has_doubt = other->has_doubt;
	}
	way->open = open;
	way->maybe = maybe;
	way->has_doubt &= maybe->n > 0;
	way->proxied = either(pool, way->proxied, other->proxied, NULL);
	way->perhaps_proxied = either(pool, way->perhaps_proxied, other->perhaps_proxied,
				      way->proxied);
	way->to_container |= other->to_container;
	way->to_proxy |= other->to_proxy;
	way->by_invalid = true;
}

void exposure_invalid(const struct world *world, struct walker *walker,
		      const struct packet *packet, const struct addrset *sources,
		      struct exposed_way *way)
{
	struct packet invalid = *packet;
	struct exposed_way other = { 0 };
	struct fate fate;

	if (packet->family != FAMILY_IPV6 || packet->proto != IPPROTO_UDP ||
	    way->open == way->possible)
		return;
	invalid.invalid = true;
	walk_packet(walker, &invalid, sources, NULL, &fate);
	exposure_judge(world, &walker->pool, &fate, &other);
	fate_clear(&fate);
	add(&walker->pool, way, &other);
}
