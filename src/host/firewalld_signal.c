/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firewalld_signal.h"

#include <dlfcn.h>
#include <string.h>

#include "diag.h"
#include "util.h"

/*
 * sd-bus(3), by name: a host without libsystemd has no systemd either, and the program runs
 * there as well. All of these are in systemd 237 (EL 8 has 239).
 */
typedef int message_handler(void *message, void *data, void *error);
static struct {
	int (*open_system)(void **bus);
	int (*match_signal_async)(void *bus, void **slot, const char *sender, const char *path,
				  const char *interface, const char *member, message_handler *handler,
				  message_handler *installed, void *data);
	int (*get_fd)(void *bus);
	int (*get_events)(void *bus);
	int (*process)(void *bus, void **message);
	void (*close)(void *bus);
	void *(*unref)(void *bus);
} sd;

static const struct {
	const char *name;
	void *function; /* where its address goes */
} functions[] = {
	{ "sd_bus_open_system", &sd.open_system },
	{ "sd_bus_match_signal_async", &sd.match_signal_async },
	{ "sd_bus_get_fd", &sd.get_fd },
	{ "sd_bus_get_events", &sd.get_events },
	{ "sd_bus_process", &sd.process },
	{ "sd_bus_close", &sd.close },
	{ "sd_bus_unref", &sd.unref },
};

static void *load(void)
{
	void *library = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);

	for (size_t i = 0; library && i < ARRAY_SIZE(functions); i++) {
		void *found = dlsym(library, functions[i].name);

		if (!found) {
			dlclose(library);
			return NULL;
		}
		memcpy(functions[i].function, &found, sizeof(found));
	}
	return library;
}

static int on_reloaded(void *message, void *data, void *error)
{
	struct firewalld_signal *signal = data;

	(void)message;
	(void)error;
	signal->reloaded = true;
	return 0;
}

void firewalld_signal_open(struct firewalld_signal *signal)
{
	*signal = (struct firewalld_signal){ .library = load() };
	if (!signal->library)
		return;
	if (sd.open_system(&signal->bus) < 0) {
		signal->bus = NULL;
		firewalld_signal_close(signal);
		return;
	}
	/* Whoever else sends it causes a look and nothing more. */
	if (sd.match_signal_async(signal->bus, NULL, NULL, "/org/fedoraproject/FirewallD1",
				  "org.fedoraproject.FirewallD1", "Reloaded", on_reloaded, NULL,
				  signal) < 0)
		firewalld_signal_close(signal);
	else
		diag_step(1, "listening to firewalld on the system bus");
}

void firewalld_signal_close(struct firewalld_signal *signal)
{
	if (signal->bus) {
		sd.close(signal->bus);
		sd.unref(signal->bus);
	}
	if (signal->library)
		dlclose(signal->library);
	*signal = (struct firewalld_signal){ 0 };
}

int firewalld_signal_fd(const struct firewalld_signal *signal, short *events)
{
	int wanted = signal->bus ? sd.get_events(signal->bus) : -1;

	*events = wanted < 0 ? 0 : (short)wanted;
	return wanted < 0 ? -1 : sd.get_fd(signal->bus);
}

bool firewalld_signal_take(struct firewalld_signal *signal)
{
	bool reloaded;
	int status = 0;

	while (signal->bus && (status = sd.process(signal->bus, NULL)) > 0)
		;
	reloaded = signal->reloaded;
	signal->reloaded = false;
	if (status < 0)
		firewalld_signal_close(signal);
	if (reloaded)
		diag_step(1, "firewalld has reloaded");
	return reloaded;
}
