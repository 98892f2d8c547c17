/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SPOOL_H
#define DOCKFW_SPOOL_H

#include <poll.h>
#include <stdbool.h>
#include <sys/types.h>

/*
 * Standard output and standard error of a process that must never wait for whoever reads them:
 * a terminal may be stopped (Ctrl-S), and a pipe full. It writes into files in memory, and
 * another process shows what is in them, as far as somebody reads.
 */

enum { SPOOL_ERROR, SPOOL_OUTPUT, SPOOL_STREAMS };

struct spool {
	struct spool_stream {
		int fd;      /* the file; both processes write at its end */
		int to;      /* where it is shown */
		off_t shown; /* bytes */
		bool gone;   /* nobody reads it, or it cannot be written */
	} streams[SPOOL_STREAMS];
	int terminal; /* in the process that writes: what standard output was, or -1 */
};

/* Before the fork. Returns 0, or -1 after reporting why; the caller closes it in either case. */
int spool_open(struct spool *spool);
void spool_close(struct spool *spool);

/*
 * In the process that writes: its standard streams lead into the spool from here on. Reports still
 * look as on the terminal that is there now. Returns 0, or -1 after reporting why. After the last
 * one, spool_leave_terminal() lets whoever waits for the terminal's end not wait for this process.
 */
int spool_enter(struct spool *spool);
void spool_leave_terminal(struct spool *spool);

/*
 * In the one that shows. Whether something is left to show; and what to wait for then: errors
 * come before output. With what poll(2) returned, spool_show() writes what can be written; it
 * returns -1, with errno, if output cannot be written.
 */
bool spool_pending(const struct spool *spool);
void spool_wait(const struct spool *spool, struct pollfd fds[SPOOL_STREAMS]);
int spool_show(struct spool *spool, const struct pollfd fds[SPOOL_STREAMS]);

/* Adds to the output, after what the other process has written so far. */
void spool_print(const struct spool *spool, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
