/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd_watch.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cmd.h"
#include "cmd_close_first.h"
#include "configuration.h"
#include "deadline.h"
#include "diag.h"
#include "firewalld_signal.h"
#include "folder_events.h"
#include "link_events.h"
#include "netlink.h"
#include "path_stamps.h"
#include "patience.h"
#include "put_file.h"
#include "ready_write.h"
#include "report_watch.h"
#include "report_write.h"
#include "service.h"
#include "setup.h"
#include "watch.h"
#include "watch_lock.h"

/* The data of a watch. */
struct running {
	const struct options *options;
	struct report report;
	struct configuration configuration;
	struct strings broken; /* the files of a newer one that could not be used */
	struct session session;
	struct watch watch;
	struct watch_counts counts;
	struct folder_events folders; /* of the configuration's files */
	struct path_stamps stamps; /* of the same, if not all of them have events */
	uint64_t compare_ms; /* when to compare those next; 0: there are none */
	struct netlink *links; /* link_events.h; NULL: they are not announced */
	struct firewalld_signal firewalld;
	uint64_t bus_ms; /* when to open that again, if it is not open */
	int signals; /* signalfd(2) */
	int lock;
	bool stored; /* the configuration, as the last good one */
	bool lifted; /* cmd_close_first_lift(), for that configuration */
	struct ready_write out; /* standard output */
	uint64_t reload_ms; /* when to read the configuration again; 0: not */
	uint64_t alive_ms;  /* when to send the next sign of life; 0: none is wanted */
};

/* ---- what it reports ---- */

static void put_counts(struct running *running)
{
	running->counts.looks = running->watch.looks;
	running->counts.transactions = running->watch.rate.total;
	if (running->report.format == FORMAT_PROMETHEUS && running->report.output &&
	    report_watch_counts(&running->report, &running->counts))
		diag_forget();
}

/* The line of "systemctl status". */
static void put_status(const struct running *running)
{
	uint64_t repairs = 0;
	char *text;

	for (unsigned int i = 0; i < running->counts.n; i++)
		repairs += running->counts.v[i].repairs + running->counts.v[i].guard;
	text = xasprintf("STATUS=%s; repairs so far: %llu", severity_word(running->report.status),
			 (unsigned long long)repairs);
	service_notify(text);
	free(text);
}

static void report_lost(struct running *running)
{
	unsigned int lost = running->out.lost;

	running->out.lost = 0;
	if (lost)
		diag_warning("%u event%s not reported: %s did not take %s", lost, lost == 1 ? " was" : "s were",
			     running->report.journal ? "the journal" : "standard output",
			     lost == 1 ? "it" : "them");
}

/*
 * Nobody may read what is printed, and that must not stop the watch: what is not taken at once is
 * lost, and that is reported once something is taken again.
 */
static void put_event(struct running *running, const struct watch_event *event)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int status = out ? 0 : -1;

	if (out) {
		/* What a text lacks has been reported. */
		report_watch(out, &running->report, event);
		status = fclose(out) ? -1 : ready_write(&running->out, text, size);
	}
	if (!status && (size || running->report.journal))
		report_lost(running);
	else if (status < 0)
		diag_warning("cannot write what happened: %s", strerror(errno));
	free(text);
}

static void tell(void *data, const struct watch_event *event)
{
	struct running *running = data;

	watch_counts_add(&running->counts, event);
	put_event(running, event);
	/* No look follows it. */
	if (event->news == WATCH_STORM)
		put_counts(running);
}

static void add_broken(void *data, struct findings *findings)
{
	const struct running *running = data;

	configuration_report(&running->configuration, findings);
}

/* ---- the configuration ---- */

static void add_all(struct strings *paths, const struct strings *more)
{
	for (size_t i = 0; i < more->n; i++)
		strings_add(paths, more->v[i]);
}

/*
 * Listens to all its files, also to those that an include pattern would match, and to what is on
 * the way to them. Of a new one that is broken, the files count as well: to mend one of them
 * mends it. Names of folders that were replaced are those of other ones, so this is done
 * before each reading, and after it with the files that it has looked for.
 */
static void follow_files(struct running *running)
{
	struct strings paths = { 0 };

	strings_add(&paths, running->options->config);
	add_all(&paths, &running->configuration.sources.sought);
	add_all(&paths, &running->broken);
	folder_events_set(&running->folders, &paths);
	if (!running->folders.lost) {
		path_stamps_clear(&running->stamps);
		running->compare_ms = 0;
	} else {
		path_stamps_set(&running->stamps, &paths);
		if (!running->compare_ms)
			diag_warning("nothing announces changes of the configuration's files (%s): they "
				     "are compared every %d seconds", strerror(running->folders.lost),
				     WATCH_FILES_MS / 1000);
		if (!running->compare_ms)
			running->compare_ms = clock_ms() + WATCH_FILES_MS;
	}
	strings_clear(&paths);
}

/* In place of events that cannot be had. They are tried again each time. */
static void compare_files(struct running *running)
{
	if (!running->compare_ms || clock_ms() < running->compare_ms)
		return;
	running->compare_ms = clock_ms() + WATCH_FILES_MS;
	if (path_stamps_changed(&running->stamps))
		running->reload_ms = clock_ms() + CONFIG_PAUSE_MS;
	follow_files(running);
}

/* The configuration, and a session that goes by it. now: the one that is in force, or NULL. */
static int begin(struct running *running, const struct configuration *now)
{
	const struct options *options = running->options;
	struct configuration *read = &running->configuration;
	int status;

	deadline_start(options->timeout);
	status = now ? configuration_reload(read, now, options) : configuration_load(read, options, NULL);
	if (read->broken)
		diag_warning("%s", read->broken);
	if (status || output_check(options->output))
		return -1;
	cmd_override(read->policy, options);
	return session_open(&running->session, cmd_backends, read->policy);
}

static bool same_text(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

static void take(struct running *running, struct running *next)
{
	watch_forget(&running->watch);
	session_close(&running->session);
	configuration_clear(&running->configuration);
	running->session = next->session;
	running->configuration = next->configuration;
	running->session.configured = running->configuration.policy;
	next->session = (struct session){ 0 };
	next->configuration = (struct configuration){ 0 };
	running->stored = running->lifted = false;
}

/* The one that is in force stays, and what is wrong with the new one is a finding. */
static void stay(struct running *running, struct configuration *next, bool forced)
{
	struct configuration *now = &running->configuration;
	char *broken = next->kept ? next->broken : NULL;

	if (!broken) {
		broken = xasprintf("%s; the configuration that is in force stays", diag_first_error());
		diag_warning("the configuration that is in force stays");
		diag_forget();
	} else {
		next->broken = NULL;
	}
	if (forced || !same_text(broken, now->broken))
		watch_forget(&running->watch);
	configuration_keep(now, broken, next->shrunk);
	running->broken = next->sources.sought;
	next->sources.sought = (struct strings){ 0 };
}

/* What is wrong with the new one has been printed. */
static void reload(struct running *running, bool forced)
{
	struct running next = { .options = running->options };
	const struct configuration *now = &running->configuration;

	running->reload_ms = 0;
	follow_files(running);
	strings_clear(&running->broken);
	if (begin(&next, now))
		stay(running, &next.configuration, forced);
	else if (forced || !same_text(next.configuration.sources.flat, now->sources.flat) ||
		 next.configuration.broken || now->broken)
		take(running, &next);
	follow_files(running);
	session_close(&next.session);
	configuration_clear(&next.configuration);
}

/* ---- signs of life ---- */

static int open_signals(void)
{
	sigset_t set;
	int fd;

	/* They are blocked from the beginning. */
	setup_stop_signals(&set);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		diag_error("cannot wait for signals: %s", strerror(errno));
	return fd;
}

/* Returns whether the watch is to end. */
static bool take_signals(struct running *running, bool *forced)
{
	struct signalfd_siginfo info;

	while (read(running->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGHUP)
			return true;
		*forced = true;
	}
	return false;
}

static void keep_alive(struct running *running)
{
	unsigned int ms = service_watchdog_ms();

	if (!ms || clock_ms() < running->alive_ms)
		return;
	service_notify("WATCHDOG=1");
	running->alive_ms = clock_ms() + ms;
}

/* ---- the loop ---- */

static void earlier(unsigned int *due, uint64_t at)
{
	uint64_t now = clock_ms();
	uint64_t left = at > now ? at - now : 0;

	if (at && left < *due)
		*due = (unsigned int)left;
}

/* What nf_tables announces says more. */
static void follow_firewalld(struct running *running)
{
	bool wanted = watch_wants_hints(&running->watch);

	if (!wanted && running->firewalld.bus)
		firewalld_signal_close(&running->firewalld);
	if (!wanted || running->firewalld.bus || clock_ms() < running->bus_ms)
		return;
	firewalld_signal_open(&running->firewalld);
	running->bus_ms = clock_ms() + WATCH_BUS_MS;
}

/* Waits for a change, a signal, a new configuration or the time of the next look. */
static bool wait_for_news(struct running *running, bool *changed, bool *forced)
{
	unsigned int due = watch_due(&running->watch);
	struct pollfd fds[] = {
		{ .fd = running->signals, .events = POLLIN },
		{ .fd = watch_fd(&running->watch), .events = POLLIN },
		{ .fd = running->folders.fd, .events = POLLIN },
		{ .fd = link_events_fd(running->links), .events = POLLIN },
		{ .fd = -1 },
	};

	follow_firewalld(running);
	fds[4].fd = firewalld_signal_fd(&running->firewalld, &fds[4].events);

	earlier(&due, running->reload_ms);
	earlier(&due, running->alive_ms);
	earlier(&due, running->compare_ms);
	if (poll(fds, ARRAY_SIZE(fds), due > INT_MAX ? -1 : (int)due) <= 0)
		return true;
	*changed = fds[1].revents != 0;
	if (fds[3].revents && link_events_take(running->links))
		watch_hint_links(&running->watch);
	if (fds[4].revents && firewalld_signal_take(&running->firewalld))
		watch_hint(&running->watch);
	if (fds[2].revents && folder_events_take(&running->folders))
		running->reload_ms = clock_ms() + CONFIG_PAUSE_MS;
	return !fds[0].revents || !take_signals(running, forced);
}

/* Once for each configuration that was read: a wake writes no file. */
static void store(struct running *running)
{
	const struct findings *left = &running->watch.last.findings;

	/* While something can be repaired it is not in force, whatever is ignored. */
	if (!running->stored && !running->options->dry_run && !running->watch.wrong_ms)
		running->stored = configuration_store(&running->configuration, running->options, left);
}

/* What a run before Docker has closed until a configuration is in force. */
static void lift(struct running *running)
{
	if (!running->lifted && !running->options->dry_run && !running->watch.wrong_ms)
		running->lifted = !cmd_close_first_lift(running->options, &running->session);
}

static void look(struct running *running)
{
	struct watch *watch = &running->watch;

	if (watch_look(watch)) {
		running->report.status = SEVERITY_UNKNOWN;
		diag_forget();
	} else {
		if (!watch->session->refused.guard && !watch->copy_failed)
			diag_all_new();
		running->report.status = findings_severity(&watch->last.findings);
		store(running);
		lift(running);
	}
	put_counts(running);
	put_status(running);
}

static void loop(struct running *running)
{
	bool changed = false, forced = false;

	while (wait_for_news(running, &changed, &forced)) {
		if (changed && watch_take(&running->watch))
			diag_forget();
		/* A take and a look may need the time limit each. */
		keep_alive(running);
		compare_files(running);
		if (forced || (running->reload_ms && clock_ms() >= running->reload_ms)) {
			service_notify("RELOADING=1");
			/* Somebody has changed the file and wants to know. */
			diag_only_new(false);
			reload(running, forced);
			diag_only_new(true);
			service_notify("READY=1");
		}
		if (!watch_due(&running->watch) && watch_needs_look(&running->watch))
			look(running);
		keep_alive(running);
		changed = forced = false;
	}
}

int cmd_watch(const struct options *options)
{
	struct running running = {
		.options = options,
		.report = cmd_report(options),
		.signals = -1, .lock = -1, .folders = { .fd = -1 },
	};
	int status = SEVERITY_UNKNOWN;

	report_fit(&running.report);
	ready_write_begin(&running.out, STDOUT_FILENO);
	diag_never_wait();
	running.links = link_events_open();
	running.watch = (struct watch){
		.session = &running.session, .only_report = options->dry_run, .has_links = running.links,
		.timeout = options->timeout, .tell = tell, .add = add_broken, .data = &running,
	};
	follow_files(&running);
	running.lock = watch_lock(options->state_folder, options->dry_run ? WATCH_REPORTS : WATCH_REPAIRS);
	if (running.lock >= 0 && !begin(&running, NULL) &&
	    (running.signals = open_signals()) >= 0 && !watch_open(&running.watch)) {
		follow_files(&running);
		diag_only_new(true);
		look(&running);
		service_notify("READY=1");
		running.alive_ms = service_watchdog_ms() ? clock_ms() : 0;
		loop(&running);
		diag_only_new(false);
		diag_all_new();
		service_notify("STOPPING=1");
		status = SEVERITY_OK;
	}
	watch_close(&running.watch);
	if (running.signals >= 0)
		close(running.signals);
	if (running.lock >= 0)
		close(running.lock);
	folder_events_close(&running.folders);
	path_stamps_clear(&running.stamps);
	firewalld_signal_close(&running.firewalld);
	netlink_close(running.links);
	session_close(&running.session);
	strings_clear(&running.broken);
	configuration_clear(&running.configuration);
	return status;
}
