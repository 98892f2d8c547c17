/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd_edit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "answer.h"
#include "cmd_check.h"
#include "cmd_check_config.h"
#include "deadline.h"
#include "diag.h"
#include "finding.h"
#include "config_file.h"
#include "put_file.h"
#include "read_file.h"
#include "sample.h"
#include "shell_word.h"
#include "util.h"

#define COPY_MOST (64 * 1024 * 1024) /* bytes; a configuration is never that large */

/*
 * The copy is in the folder of the file, so that its include() statements lead to the same
 * files. Its name begins with a dot: no pattern of include() matches it.
 */
struct edit_job {
	const struct options *options;
	char *copy; /* its path */
	char *old;  /* the text of the file; NULL: there is none */
	char *text; /* of the copy, after the editor */
};

/* ---- the copy ---- */

static char *copy_name(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	return xasprintf("%.*s.%s.edit", (int)(name - path), path, name);
}

/* A link would be replaced by a file: who manages his files by links edits what they lead to. */
static int refuse_link(const char *path)
{
	struct stat there;
	char *target, *word;

	if (lstat(path, &there) || !S_ISLNK(there.st_mode))
		return 0;
	target = realpath(path, NULL);
	word = shell_word(target ? target : "FILE");
	diag_error("cannot edit '%s', which is a symbolic link: edit the file, with: dockfw-check --edit -f %s",
		   path, word);
	free(target);
	free(word);
	return -1;
}

/* The text of the file; one that does not exist begins as the sample. */
static int read_old(struct edit_job *job)
{
	struct config_file file = { 0 };

	if (access(job->options->config, F_OK) && errno == ENOENT)
		return 0;
	if (config_file_read(job->options->config, NULL, NULL, &file))
		return -1;
	job->old = xstrdup(file.data);
	config_file_clear(&file);
	return 0;
}

static int make_copy(const struct edit_job *job)
{
	const char *text = job->old ? job->old : sample_text;
	int fd = open(job->copy, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
	bool failed;

	if (fd < 0 && errno == EEXIST) {
		diag_error("'%s' exists: another --edit runs, or was cut off; see what is in it, and delete it",
			   job->copy);
		return -1;
	}
	failed = !out || fputs(text, out) < 0;
	if (out)
		failed |= fclose(out) != 0;
	if (!failed)
		return 0;
	diag_error("cannot write the copy '%s': %s", job->copy, strerror(errno));
	if (fd >= 0)
		unlink(job->copy);
	return -1;
}

/* ---- the editor ---- */

/* As visudo(8) and sudoedit(8) look for it. */
static const char *editor(void)
{
	const char *values[] = { getenv("SUDO_EDITOR"), getenv("VISUAL"), getenv("EDITOR") };

	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		if (values[i] && *values[i])
			return values[i];
	return access("/usr/bin/editor", X_OK) ? "vi" : "editor";
}

static _Noreturn void become_editor(const char *command, const char *copy)
{
	char *script = xasprintf("exec %s \"$1\"", command);

	/* What this program ignores would stay ignored. */
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	execl("/bin/sh", "sh", "-c", script, "sh", copy, (char *)NULL);
	_exit(127);
}

/* Signals of the terminal are for the editor. */
static int run_editor(const struct edit_job *job)
{
	const char *command = editor();
	sighandler_t interrupt = signal(SIGINT, SIG_IGN), quit = signal(SIGQUIT, SIG_IGN);
	int status = -1;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid)
		become_editor(command, job->copy);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	signal(SIGINT, interrupt);
	signal(SIGQUIT, quit);
	if (pid > 0 && WIFEXITED(status) && !WEXITSTATUS(status))
		return 0;
	diag_error("the editor '%s' failed%s; EDITOR names another one", command,
		   pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 127 ? ": there is no such command" : "");
	return -1;
}

/* Sets the text of the copy. */
static int read_copy(struct edit_job *job)
{
	size_t size;

	free(job->text);
	job->text = read_file(job->copy, COPY_MOST, &size);
	if (job->text && strlen(job->text) == size)
		return 0;
	diag_error("cannot read the copy '%s': %s", job->copy, job->text ? "it has a NUL byte" : strerror(errno));
	return -1;
}

/* ---- the questions ---- */

static void interrupted(int number)
{
	(void)number;
}

/* Reads the next line as the answer; 'n' at the end of input, and for a signal. */
static char answer_read(const char *letters, const sigset_t *during)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	char line[64];
	ssize_t n = ppoll(&input, 1, NULL, during) < 0 ? 0 : read(STDIN_FILENO, line, sizeof(line) - 1);

	if (n <= 0)
		return 'n';
	line[n] = '\0';
	return answer_parse(line, letters);
}

/*
 * Returns the answer if it is one of letters (answer.h), and repeats the question until it is;
 * 'n' at the end of input, and for an interrupt. That is blocked except while the program waits:
 * one that comes just before that would be forgotten.
 */
static char question(const char *text, const char *letters)
{
	struct sigaction action = { .sa_handler = interrupted }, action_before;
	sigset_t interrupt, before;
	char answer;

	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	sigprocmask(SIG_BLOCK, &interrupt, &before);
	sigaction(SIGINT, &action, &action_before);
	do {
		printf("%s ", text);
		fflush(stdout);
		answer = answer_read(letters, &before);
	} while (!answer);
	sigaction(SIGINT, &action_before, NULL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return answer;
}

/* ---- the check, and what comes of it ---- */

/* Prints what is wrong with the copy, or what it would change. Returns whether it is valid. */
static bool show(const struct edit_job *job)
{
	struct options options = *job->options;

	options.config_copy = job->copy;
	options.quiet = true;
	deadline_start(options.timeout);
	if (cmd_check_config(&options) != SEVERITY_OK)
		return false;
	options = *job->options;
	options.config_copy = job->copy;
	options.mode = MODE_REPAIR;
	options.dry_run = true;
	printf("With this configuration, a repair would do the following:\n\n");
	fflush(stdout);
	deadline_start(options.timeout);
	return cmd_check(&options) != SEVERITY_UNKNOWN || !diag_first_error();
}

static int write_text(FILE *out, void *data)
{
	const struct edit_job *job = data;

	return fputs(job->text, out) < 0 ? -1 : 0;
}

/* Puts the copy in place, and in force. Returns the exit status. */
static int put_in_force(struct edit_job *job)
{
	const struct keep keep = {
		.sample = job->old ? job->old : "",
		.otherwise = "was changed meanwhile by somebody else, and stays as it is",
	};
	struct options options = *job->options;

	if (output_put_kept(options.config, &keep, write_text, job)) {
		diag_error("the edited copy stays in '%s'", job->copy);
		free(job->copy);
		job->copy = NULL;
		return SEVERITY_UNKNOWN;
	}
	options.mode = MODE_REPAIR;
	deadline_start(options.timeout + options.wait);
	return cmd_check(&options);
}

static int not_changed(const struct edit_job *job)
{
	printf("'%s' is unchanged.\n", job->options->config);
	return output_end() ? SEVERITY_UNKNOWN : SEVERITY_OK;
}

static int edit(struct edit_job *job)
{
	for (;;) {
		char answer;

		if (run_editor(job) || read_copy(job))
			return SEVERITY_UNKNOWN;
		if (!strcmp(job->text, job->old ? job->old : sample_text))
			return not_changed(job);
		diag_forget();
		if (show(job))
			answer = question("\nPut it in place and in force? yes, no, or edit again:", "yne");
		else
			answer = question("\nIt cannot be used. Edit again, or no to leave the file as it is?", "ne");
		if (answer == 'y')
			return put_in_force(job);
		diag_forget();
		if (answer == 'n')
			return not_changed(job);
	}
}

int cmd_edit(const struct options *options)
{
	struct edit_job job = { .options = options };
	int status = SEVERITY_UNKNOWN;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		diag_error("--edit needs a terminal; to check a file, use --check-config -f FILE");
		return SEVERITY_UNKNOWN;
	}
	job.copy = copy_name(options->config);
	if (!refuse_link(options->config) && !read_old(&job) && !make_copy(&job)) {
		status = edit(&job);
		if (job.copy)
			unlink(job.copy);
	}
	free(job.copy);
	free(job.old);
	free(job.text);
	return status;
}
