/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "open_texts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "docker_chains.h"
#include "text.h"

/* A line names so many ports, addresses or interfaces and counts the rest. */
#define LINE_PORTS 8
#define LINE_NAMES 3

/* Whether two ports are open to the same sources on the same interfaces. */
static bool fare_alike(const struct open_port *a, const struct open_port *b)
{
	return a->family == b->family && a->maybe == b->maybe && a->nearby == b->nearby &&
	       a->anyone == b->anyone && a->nsources == b->nsources &&
	       strings_equal(&a->sources, &b->sources) &&
	       strings_equal(&a->interfaces, &b->interfaces) && strings_equal(&a->hosts, &b->hosts);
}

/* "a", "a and b", "a, b and c", "a, b, c and 4 more": of n in all. */
static void put_list(FILE *out, const struct strings *names, size_t n)
{
	size_t most = n > LINE_NAMES + 1 ? LINE_NAMES : n;

	if (most > names->n)
		most = names->n;
	for (size_t i = 0; i < most; i++)
		fprintf(out, "%s%s", !i ? "" : i + 1 == n ? " and " : ", ", names->v[i]);
	if (most < n)
		fprintf(out, " and %zu more", n - most);
}

static void put_port(FILE *out, const struct open_port *port)
{
	fprintf(out, "%u", port->port.lo);
	if (port->port.lo != port->port.hi)
		fprintf(out, "-%u", port->port.hi);
	fprintf(out, "/%s", proto_name(port->proto));
}

/* "DOCKER-USER holds neither of its 2 rules", of one port; NULL: there is no reason to name. */
static char *why_one(const struct open_port *port)
{
	if (port->held == port->rules)
		return port->why ? xstrdup(port->why) : NULL;
	if (port->held)
		return xasprintf("%s holds %zu of its %zu rules", DOCKER_USER, port->held,
				 port->rules);
	if (port->rules == 1)
		return xasprintf("%s does not hold its rule", DOCKER_USER);
	return port->rules == 2 ? xasprintf("%s holds neither of its 2 rules", DOCKER_USER)
				: xasprintf("%s holds none of its %zu rules", DOCKER_USER, port->rules);
}

static bool same_why(const struct open_port *a, const struct open_port *b)
{
	return a->why && b->why ? !strcmp(a->why, b->why) : a->why == b->why;
}

/* Of all ports that fare like the first one, if it is the same for all. */
static char *why_all(const struct open_ports *open, size_t first)
{
	const struct open_port *one = &open->v[first];
	bool lacks = one->held < one->rules, none = lacks;

	for (size_t i = first; i < open->n; i++) {
		const struct open_port *port = &open->v[i];

		if (!fare_alike(one, port))
			continue;
		if ((port->held < port->rules) != lacks || (!lacks && !same_why(one, port)))
			return NULL;
		none &= !port->held;
	}
	if (!lacks)
		return one->why ? xstrdup(one->why) : NULL;
	return xasprintf(none ? "%s holds none of their rules" : "%s does not hold all of their rules",
			 DOCKER_USER);
}

/* The part of a sentence after the ports: " is open to ANYONE on ens3". */
static void put_effect(FILE *out, const struct open_port *port, bool one)
{
	if (port->hosts.n) {
		fputs(" of ", out);
		put_list(out, &port->hosts, port->hosts.n);
	}
	fprintf(out, " %s open to ", port->maybe ? "may be" : one ? "is" : "are");
	if (port->anyone)
		fputs("ANYONE", out);
	else
		put_list(out, &port->sources, port->nsources);
	fputs(port->nearby ? " nearby on " : " on ", out);
	put_list(out, &port->interfaces, port->interfaces.n);
}

static void add_line(struct open_lines *lines, const struct open_ports *open, size_t first)
{
	const struct open_port *one = &open->v[first];
	struct open_line *line;
	struct text ports, text;
	size_t n = 0;

	text_open(&ports);
	for (size_t i = first; i < open->n; i++) {
		if (!fare_alike(one, &open->v[i]) || n++ >= LINE_PORTS)
			continue;
		fputs(n > 1 ? ", " : "", ports.out);
		put_port(ports.out, &open->v[i]);
	}
	if (n > LINE_PORTS)
		fprintf(ports.out, " and %zu more", n - LINE_PORTS);
	GROW(lines->v, lines->n, lines->room);
	line = &lines->v[lines->n++];
	*line = (struct open_line){ .family = one->family, .n = n, .maybe = one->maybe,
				    .ports = text_take(&ports) };
	line->why = n == 1 ? why_one(one) : why_all(open, first);
	text_open(&text);
	fprintf(text.out, "port%s %s", n == 1 ? "" : "s", line->ports);
	put_effect(text.out, one, n == 1);
	line->text = text_take(&text);
}

void open_lines_make(struct open_lines *lines, const struct open_ports *open)
{
	*lines = (struct open_lines){ 0 };
	for (size_t i = 0; open && i < open->n; i++) {
		size_t before = 0;

		while (before < i && !fare_alike(&open->v[before], &open->v[i]))
			before++;
		if (before == i)
			add_line(lines, open, i);
	}
}

void open_lines_clear(struct open_lines *lines)
{
	for (size_t i = 0; i < lines->n; i++) {
		free(lines->v[i].ports);
		free(lines->v[i].text);
		free(lines->v[i].why);
	}
	free(lines->v);
	*lines = (struct open_lines){ 0 };
}

char *open_rest(const struct open_ports *open)
{
	if (!open || !open->known || !open->cut)
		return NULL;
	if (open->error)
		return xasprintf("which ports are open is not known: %s", open->error);
	if (!open->ports)
		return xstrdup("which ports are open is not known: reading all tables takes too long here; "
			       "dockfw-check --exposure takes its time");
	if (open->done == open->ports)
		return xasprintf("more ports may be open: the time for this ended before all %zu were judged; "
				 "dockfw-check --exposure takes its time", open->ports);
	return xasprintf("more ports may be open: only %zu of %zu were followed in the time for this; "
			 "dockfw-check --exposure takes its time", open->done, open->ports);
}

static json_t *strings_json(const struct strings *strings)
{
	json_t *array = json_made(json_array());

	for (size_t i = 0; i < strings->n; i++)
		json_append_checked(array, json_text(strings->v[i]));
	return array;
}

static json_t *port_json(const struct open_port *port)
{
	json_t *object = json_made(json_object());
	char *why = why_one(port), *message;
	struct text text;

	text_open(&text);
	fputs("port ", text.out);
	put_port(text.out, port);
	put_effect(text.out, port, true);
	fprintf(text.out, "%s%s", why ? ": " : "", why ? why : "");
	message = text_take(&text);
	json_set_checked(object, "family", json_text(family_name(port->family)));
	json_set_checked(object, "protocol", json_text(proto_name(port->proto)));
	json_set_checked(object, "port", json_made(json_integer(port->port.lo)));
	if (port->port.lo != port->port.hi)
		json_set_checked(object, "port_end", json_made(json_integer(port->port.hi)));
	json_set_checked(object, "hosts", port->hosts.n ? strings_json(&port->hosts) : json_null());
	json_set_checked(object, "interfaces", strings_json(&port->interfaces));
	json_set_checked(object, "certain", json_boolean(!port->maybe));
	json_set_checked(object, "anyone", json_boolean(port->anyone));
	json_set_checked(object, "sources", port->anyone ? json_null() : strings_json(&port->sources));
	json_set_checked(object, "nearby", json_boolean(port->nearby));
	json_set_checked(object, "message", json_text(message));
	free(message);
	free(why);
	return object;
}

json_t *open_ports_json(const struct open_ports *open)
{
	json_t *object, *ports;

	if (!open || !open->known)
		return json_null();
	object = json_made(json_object());
	ports = json_made(json_array());
	for (size_t i = 0; i < open->n; i++)
		json_append_checked(ports, port_json(&open->v[i]));
	json_set_checked(object, "complete", json_boolean(!open->cut && !open->unknown));
	json_set_checked(object, "ports", ports);
	return object;
}
