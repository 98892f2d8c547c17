/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exposure_judge.h"

/* What decided for the largest part of the sources. */
struct heaviest {
	struct decider by;
	double size;
	bool has;
};

static void weigh(struct heaviest *heaviest, const struct decider *by, double size)
{
	if (size > heaviest->size) {
		heaviest->by = *by;
		heaviest->size = size;
		heaviest->has = true;
	}
}

static void weigh_ending(struct addrset *closed, struct heaviest *by, const struct ending *ending)
{
	addrset_unite(closed, &ending->set);
	if (ending->set.n)
		weigh(by, &ending->by, ending->size);
}

static bool has_proxy(const struct world *world, const struct packet *packet)
{
	return world->proxies && proxies_find(world->proxies, packet->family, packet->proto,
					      packet->dst.lo, packet->dport.lo);
}

/* Which sources docker-proxy answers: for certain, if they have no other end. */
static void judge_proxied(struct addrpool *pool, const struct fate *fate,
			  const struct addrset *closed, struct addrset *proxied,
			  struct exposed_way *way)
{
	struct addrset perhaps = { 0 };

	if (fate->doubtful) {
		addrset_copy(&perhaps, proxied);
		addrset_subtract(proxied, closed);
		for (size_t i = 0; i < fate->forwarded.n; i++)
			addrset_subtract(proxied, &fate->forwarded.v[i].src);
		addrset_subtract(&perhaps, proxied);
	}
	way->proxied = addrpool_keep(pool, proxied);
	way->perhaps_proxied = addrpool_keep(pool, &perhaps);
	addrset_clear(&perhaps);
}

/* Derives who gets in from what became of the packets. */
void exposure_judge(const struct world *world, struct addrpool *pool, const struct fate *fate,
		    struct exposed_way *way)
{
	static const struct decider host = { .reason = "it is for the host itself, and no docker-proxy "
						       "listens there" };
	struct heaviest open_by = { 0 }, closed_by = { 0 };
	struct addrset open = { 0 }, closed = { 0 }, maybe = { 0 }, proxied = { 0 };

	for (size_t i = 0; i < fate->forwarded.n; i++) {
		const struct flow *flow = &fate->forwarded.v[i];

		way->to_container = true;
		addrset_unite(&open, &flow->src);
		weigh(&open_by, &flow->by, addrset_size(&flow->src));
	}
	for (size_t i = 0; i < fate->local.n; i++) {
		const struct flow *flow = &fate->local.v[i];

		if (has_proxy(world, &flow->packet)) {
			way->to_proxy = true;
			addrset_unite(&open, &flow->src);
			addrset_unite(&proxied, &flow->src);
			weigh(&open_by, &flow->by, addrset_size(&flow->src));
		} else {
			addrset_unite(&closed, &flow->src);
			weigh(&closed_by, &host, addrset_size(&flow->src));
		}
	}
	weigh_ending(&closed, &closed_by, &fate->dropped);
	weigh_ending(&closed, &closed_by, &fate->refused);
	weigh_ending(&closed, &closed_by, &fate->lost);
	judge_proxied(pool, fate, &closed, &proxied, way);
	/* If nothing on the way was in doubt, each source came to exactly one end. */
	if (fate->doubtful) {
		addrset_copy(&maybe, &open);
		addrset_intersect(&maybe, &closed);
		addrset_unite(&maybe, &fate->unknown.set);
		addrset_unite(&closed, &fate->unknown.set);
		addrset_subtract(&open, &closed);
	}
	way->open = addrpool_keep(pool, &open);
	way->maybe = addrpool_keep(pool, &maybe);
	way->has_open_by = open_by.has;
	way->open_by = open_by.by;
	way->has_closed_by = closed_by.has;
	way->closed_by = closed_by.by;
	way->has_doubt = fate->doubtful && maybe.n;
	way->doubt = fate->doubt;
	addrset_clear(&open);
	addrset_clear(&closed);
	addrset_clear(&maybe);
	addrset_clear(&proxied);
}
