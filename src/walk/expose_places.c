/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "expose_places.h"

static bool has_interface(const struct exposed_way *way, const struct netif *iface)
{
	for (size_t i = 0; i < way->nifs; i++)
		if (way->ifs[i] == iface)
			return true;
	return false;
}

/* Whether anyone gets in who does not get in at the addresses from first to end. */
static bool lets_in_more(const struct exposure_list *list, size_t first, size_t end,
			 const struct exposure *exposure)
{
	bool more = false;

	for (size_t w = 0; w < exposure->nways; w++) {
		const struct exposed_way *way = &exposure->ways[w];

		for (size_t k = 0; k < way->nifs && !more; k++) {
			struct addrset in = { 0 };

			addrset_copy(&in, way->open);
			addrset_unite(&in, way->maybe);
			for (size_t e = first; e < end; e++)
				for (size_t i = 0; i < list->v[e].nways; i++) {
					if (!has_interface(&list->v[e].ways[i], way->ifs[k]))
						continue;
					addrset_subtract(&in, list->v[e].ways[i].open);
					addrset_subtract(&in, list->v[e].ways[i].maybe);
				}
			more = in.n;
			addrset_clear(&in);
		}
	}
	return more;
}

void expose_places(struct compute *compute, const struct docker_port *port, size_t first)
{
	const struct equivalence *equivalence = &compute->equivalence[port->family];
	const struct own_places *places = &compute->places[port->family];
	struct exposure_list *list = compute->list;
	size_t end = list->n;

	for (size_t i = 0; i < places->n; i++) {
		const struct own_place *place = &places->v[i];
		struct addrrange host = { place->dst, place->last };
		struct exposure exposure;

		if ((place->udp && (port->proto != IPPROTO_UDP || !port->has_proxy)) ||
		    exposure_has_own_entry(compute, port, host))
			continue;
		exposure_describe(compute, port, &exposure);
		exposure.nearby = place->nearby;
		for (size_t c = 0; c < equivalence->nclasses; c++) {
			const struct if_class *class = &equivalence->classes[c];

			if (!place->only)
				exposure_walk_class(compute, port, host, class, NULL, &exposure);
			for (size_t k = 0; k < class->n; k++)
				if (class->v[k]->index == place->only)
					exposure_walk_class(compute, port, host, class, class->v[k], &exposure);
		}
		if (lets_in_more(list, first, end, &exposure))
			exposure_add_host(exposure_join(list, end, &exposure), host);
		else
			exposure_free_ways(&exposure);
	}
}
