/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DOCKER_PORT_LIST_H
#define DOCKFW_DOCKER_PORT_LIST_H

#include "flow.h"

/* The ports that Docker publishes, as a list. Pure. */

struct docker_port {
	enum family family;
	uint8_t proto;
	struct span port;
	bool any_host; /* on every address of the host */
	bool direct;   /* neither translated nor proxied: host is the container's own address */
	bool extra;    /* direct, and not a published port: of interest only if it is open */
	bool has_dnat, has_proxy;
	struct span published; /* if direct: the port of the host that leads there, else its own */
	addr_t host;
	addr_t host_more; /* not 0: also on as many addresses that follow host */
	enum family container_family;
	addr_t container;
	addr_t container_more; /* not 0: also as many addresses that follow, any of them */
	struct span container_port;
	char bridge[IFNAMSIZ]; /* the interface that leads to the container; empty: unknown */
	struct decider dnat;   /* if has_dnat */
	size_t order;          /* in which the ports were found: the first rule translates */
};

struct docker_ports {
	struct docker_port *v; /* owned; sorted by port, each once */
	size_t n, room;
	struct strings bridges;   /* Docker's, according to its rules, their names and routes */
	/*
	 * Owned: of rules that put one prefix in the place of another, such as NETMAP. Each
	 * address has one container, so these are not ports: see docker_ports_map().
	 */
	struct docker_port *mapped;
	size_t nmapped, mapped_room;
};

void docker_ports_clear(struct docker_ports *ports);
/* Adds an empty port with its order. It is borrowed until the next one is added. */
struct docker_port *docker_ports_add(struct docker_ports *ports);
/* Adds the interface, as a rule names it, to the bridges, unless it is there or a pattern. */
void docker_ports_bridge(struct docker_ports *ports, const struct interface *iface);
/* Sorts the ports and keeps one for each place: the first translation, with the listener. */
void docker_ports_merge(struct docker_ports *ports);
/* Whether the port is also published on just this address of the host. */
bool docker_ports_on(const struct docker_ports *ports, enum family family, uint8_t proto,
		     struct span port, addr_t host);

/*
 * Fills in the bridge of the port from the route to its container, else from what the rule
 * names, which may be NULL; else the bridge stays unknown.
 */
void docker_port_find_bridge(const struct netinfo *info, const struct rule *rule,
			     struct docker_port *port);
/* Whether the rule is for only one address of the host, which is then in host. */
bool docker_port_host(const struct rule *rule, addr_t *host);

#endif
