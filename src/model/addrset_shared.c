/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "addrset_shared.h"

#include <stdlib.h>
#include <string.h>

/* The results of so many computations are kept … */
#define RESULTS 1024U
/* … with at most this many intervals in all. */
#define INTERVALS_MAX ((size_t)1 << 22)

struct body {
	struct body *next; /* of the same bucket */
	size_t refs, n;
	uint64_t hash;
	double size; /* negative: not computed */
	enum { WORLD_UNKNOWN, WORLD_NO, WORLD_YES } world[FAMILY_COUNT];
	struct addrrange v[];
};

static struct {
	struct body **v;
	size_t n, room; /* room: a power of two */
} bodies;

struct result {
	shared_change *compute; /* NULL: none is kept */
	struct addrset set, with, made;
};

static struct result *results;
static size_t kept;

static struct body *body_of(const struct addrset *set)
{
	return (struct body *)((char *)set->v - offsetof(struct body, v));
}

static uint64_t content_hash(const struct addrrange *v, size_t n)
{
	uint64_t hash = 0x9e3779b97f4a7c15u;

	for (size_t i = 0; i < n; i++) {
		addr_t parts[2] = { v[i].lo, v[i].hi };

		for (size_t k = 0; k < 4; k++) {
			hash ^= (uint64_t)(parts[k / 2] >> (k % 2 * 64));
			hash *= 0xff51afd7ed558ccdu;
			hash ^= hash >> 32;
		}
	}
	return hash;
}

uint64_t shared_hash(const struct addrset *set)
{
	return addrset_is_shared(set) ? body_of(set)->hash : content_hash(set->v, set->n);
}

static struct body **bucket(uint64_t hash)
{
	return &bodies.v[hash & (bodies.room - 1)];
}

static void grow(void)
{
	struct body **old = bodies.v;
	size_t room = bodies.room;

	bodies.room = room ? 2 * room : 64;
	bodies.v = xcalloc(bodies.room, sizeof(*bodies.v));
	for (size_t i = 0; i < room; i++)
		for (struct body *body = old[i], *next; body; body = next) {
			next = body->next;
			body->next = *bucket(body->hash);
			*bucket(body->hash) = body;
		}
	free(old);
}

/* The body of these intervals. */
static struct body *find_body(const struct addrrange *v, size_t n)
{
	uint64_t hash = content_hash(v, n);
	struct body *body;

	if (bodies.n >= bodies.room)
		grow();
	for (body = *bucket(hash); body; body = body->next)
		if (body->hash == hash && body->n == n && !memcmp(body->v, v, n * sizeof(*v)))
			return body;
	body = xcalloc(1, sizeof(*body) + n * sizeof(*v));
	*body = (struct body){ .next = *bucket(hash), .n = n, .hash = hash, .size = -1 };
	memcpy(body->v, v, n * sizeof(*v));
	*bucket(hash) = body;
	bodies.n++;
	return body;
}

static struct addrset take_ref(struct body *body)
{
	body->refs++;
	return (struct addrset){ .v = body->v, .n = body->n, .room = SHARED_ROOM };
}

void shared_take(struct addrset *set)
{
	struct addrset shared;

	if (addrset_is_shared(set) || set->n < SHARED_MIN)
		return;
	shared = take_ref(find_body(set->v, set->n));
	free(set->v);
	*set = shared;
}

/* Gives up shared intervals. */
static void drop(struct addrset *set)
{
	struct body *body = body_of(set), **at = bucket(body->hash);

	*set = (struct addrset){ 0 };
	if (--body->refs)
		return;
	while (*at != body)
		at = &(*at)->next;
	*at = body->next;
	free(body);
	if (--bodies.n)
		return;
	free(bodies.v);
	bodies.v = NULL;
	bodies.room = 0;
}

void shared_own(struct addrset *set)
{
	struct addrset own = { .n = set->n, .room = set->n };

	own.v = xmemdup(set->v, set->n * sizeof(*set->v));
	drop(set);
	*set = own;
}

void addrset_clear(struct addrset *set)
{
	if (addrset_is_shared(set)) {
		drop(set);
		return;
	}
	free(set->v);
	*set = (struct addrset){ 0 };
}

void addrset_copy(struct addrset *to, const struct addrset *from)
{
	if (from->n >= SHARED_MIN) {
		*to = take_ref(addrset_is_shared(from) ? body_of(from) : find_body(from->v, from->n));
		return;
	}
	to->v = from->n ? xmemdup(from->v, from->n * sizeof(*from->v)) : NULL;
	to->n = to->room = from->n;
}

bool addrset_equal(const struct addrset *a, const struct addrset *b)
{
	if (a->n != b->n)
		return false;
	if (addrset_is_shared(a) && addrset_is_shared(b))
		return a->v == b->v;
	for (size_t i = 0; i < a->n; i++)
		if (a->v[i].lo != b->v[i].lo || a->v[i].hi != b->v[i].hi)
			return false;
	return true;
}

double shared_size(const struct addrset *set, double (*compute)(const struct addrset *set))
{
	struct body *body = body_of(set);

	if (body->size < 0)
		body->size = compute(set);
	return body->size;
}

bool shared_is_world(const struct addrset *set, enum family family,
		     bool (*compute)(const struct addrset *set, enum family family))
{
	struct body *body = body_of(set);

	if (body->world[family] == WORLD_UNKNOWN)
		body->world[family] = compute(set, family) ? WORLD_YES : WORLD_NO;
	return body->world[family] == WORLD_YES;
}

/* ---- what was computed ---- */

static void result_clear(struct result *result)
{
	kept -= result->made.n;
	addrset_clear(&result->set);
	addrset_clear(&result->with);
	addrset_clear(&result->made);
	result->compute = NULL;
}

void shared_forget(void)
{
	for (size_t i = 0; results && i < RESULTS; i++)
		result_clear(&results[i]);
	free(results);
	results = NULL;
}

static struct result *find_result(const struct addrset *set, const struct addrset *with,
				  shared_change *compute)
{
	uint64_t hash = shared_hash(set) * 31 + shared_hash(with);

	hash = (hash ^ (uint64_t)(uintptr_t)compute) * 0xff51afd7ed558ccdu;
	if (!results)
		results = xcalloc(RESULTS, sizeof(*results));
	return &results[(hash ^ hash >> 32) % RESULTS];
}

void shared_compute(struct addrset *set, const struct addrset *with, shared_change *compute)
{
	struct result *result, made = { .compute = compute };

	shared_take(set);
	result = find_result(set, with, compute);
	if (result->compute == compute && addrset_equal(&result->set, set) &&
	    addrset_equal(&result->with, with)) {
		addrset_clear(set);
		addrset_copy(set, &result->made);
		return;
	}
	addrset_copy(&made.set, set);
	addrset_copy(&made.with, with);
	if (addrset_is_shared(set))
		shared_own(set);
	compute(set, with);
	shared_take(set);
	addrset_copy(&made.made, set);
	if (kept + made.made.n > INTERVALS_MAX) {
		shared_forget();
		results = xcalloc(RESULTS, sizeof(*results));
		result = find_result(&made.set, &made.with, compute);
	}
	result_clear(result);
	kept += made.made.n;
	*result = made;
}
