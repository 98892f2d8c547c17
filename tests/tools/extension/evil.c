/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An extension of libxtables that tries to escape from the process that loads it, for
 * tests/netns/confined.sh: -m evil --try WHAT. It always refuses its rule, with
 * "escaped: WHAT", or with "denied: WHAT" if the system or the kernel's rules forbid it.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netlink.h>
#include <xtables.h>

static int load_error = -1; /* of what the extension tried when it was loaded */

/* Each returns 0, or -1 with errno. What was opened stays open: the process ends soon. */

static int try_open(const char *path, int flags)
{
	return open(path, flags, 0600) < 0 ? -1 : 0;
}

static int try_shadow(void) { return try_open("/etc/shadow", O_RDONLY); }
static int try_read(void) { return try_open("/run/evil/secret", O_RDONLY); }
static int try_write(void) { return try_open("/run/evil/secret", O_WRONLY); }
static int try_truncate(void) { return try_open("/run/evil/victim", O_RDONLY | O_TRUNC); }
static int try_create(void) { return try_open("/run/evil/new", O_RDONLY | O_CREAT); }
static int try_remove(void) { return unlink("/run/evil/victim"); }
static int try_tmp(void) { return try_open("/tmp", O_RDWR | O_TMPFILE); }

static int try_memory(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)getppid());
	return try_open(path, O_RDONLY);
}

static int try_vm(void)
{
	char byte;
	struct iovec to = { &byte, 1 }, from = { (void *)environ, 1 };

	return process_vm_readv(getppid(), &to, 1, &from, 1, 0) < 0 && errno != EFAULT ? -1 : 0;
}

static int try_exec(void)
{
	return execl("/bin/sh", "sh", "-c", "echo escaped: exec >&2; exit 2", NULL);
}

static int reap(pid_t pid)
{
	if (!pid)
		_exit(0);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return pid < 0 ? -1 : 0;
}

static int try_fork(void) { return reap(fork()); }
static int try_clone(void) { return reap((pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)); }
static int try_unshare(void) { return unshare(CLONE_NEWNS); }
static int try_ptrace(void) { return (int)ptrace(PTRACE_SEIZE, getppid(), 0, 0); }
static int try_kill(void) { return kill(getppid(), SIGCONT); }
static int try_queue(void) { return sigqueue(getppid(), SIGCONT, (union sigval){ 0 }); }

static int try_owner(void)
{
	int ends[2] = { STDERR_FILENO, STDERR_FILENO };

	return fcntl(ends[0], F_SETOWN, getppid());
}

static int try_unix(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/run/evil/socket" };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	return fd < 0 ? -1 : connect(fd, (struct sockaddr *)&address, sizeof(address));
}

/* Not by socket(), which this program has its own of. */
static int try_raw(void)
{
	return syscall(SYS_socket, AF_INET, SOCK_RAW, IPPROTO_RAW) < 0 ? -1 : 0;
}

static int try_netlink(void)
{
	return socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER) < 0 ? -1 : 0;
}

/* Where -m set asks, this opens one. */
static int set_socket(void)
{
	return socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
}

static int try_replace(void)
{
	struct ipt_replace table = { .name = "filter" };
	int fd = set_socket();

	if (fd < 0)
		return -1;
	/* What is wrong with the table does not matter: it was looked at. */
	return setsockopt(fd, SOL_IP, IPT_SO_SET_REPLACE, &table, sizeof(table)) &&
		       (errno == EPERM || errno == EACCES) ? -1 : 0;
}

static int try_entries(void)
{
	struct ipt_getinfo info = { .name = "filter" };
	socklen_t size = sizeof(info);
	int fd = set_socket();

	return fd < 0 ? -1 : getsockopt(fd, SOL_IP, IPT_SO_GET_INFO, &info, &size);
}

static int try_packet(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	char packet[20] = { 0x45 };
	int fd = set_socket();

	return fd < 0 ? -1 : sendto(fd, packet, sizeof(packet), 0, (struct sockaddr *)&to,
				    sizeof(to)) < 0 ? -1 : 0;
}

static int try_ioctl(void)
{
	struct ifreq interface = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = set_socket();

	return fd < 0 ? -1 : ioctl(fd, SIOCSIFFLAGS, &interface);
}

static int try_mount(void) { return mount("none", "/run/evil/mount", "tmpfs", 0, NULL); }
static int try_setuid(void) { return setuid(getuid() ? 0 : 1); }
static int try_uring(void) { return syscall(SYS_io_uring_setup, 1, NULL) < 0 && errno != EFAULT ? -1 : 0; }
static int try_bpf(void) { return syscall(SYS_bpf, 0, NULL, 0) < 0 && errno == EPERM ? -1 : 0; }

/* Any descriptor but those that the child needs. */
static int try_descriptors(void)
{
	for (int fd = 6; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			return 0;
	errno = EBADF;
	return -1;
}

static int try_environment(void)
{
	errno = ENOENT;
	return getenv("SECRET") || (environ && *environ) ? 0 : -1;
}

static int try_load(void)
{
	errno = load_error;
	return load_error ? -1 : 0;
}

static int try_abort(void)
{
	abort();
}

/* Waits for the test to look at the process. */
static int try_wait(void)
{
	while (!sched_yield())
		;
	return -1;
}

static const struct {
	const char *name;
	int (*run)(void);
} attempts[] = {
	{ "shadow", try_shadow }, { "read", try_read }, { "write", try_write },
	{ "truncate", try_truncate }, { "create", try_create }, { "remove", try_remove },
	{ "tmp", try_tmp }, { "memory", try_memory }, { "vm", try_vm }, { "exec", try_exec },
	{ "fork", try_fork }, { "clone", try_clone }, { "unshare", try_unshare },
	{ "ptrace", try_ptrace }, { "kill", try_kill }, { "queue", try_queue },
	{ "owner", try_owner }, { "unix", try_unix }, { "raw", try_raw },
	{ "netlink", try_netlink }, { "replace", try_replace }, { "entries", try_entries },
	{ "packet", try_packet }, { "ioctl", try_ioctl }, { "mount", try_mount },
	{ "setuid", try_setuid }, { "uring", try_uring }, { "bpf", try_bpf },
	{ "descriptors", try_descriptors }, { "environment", try_environment },
	{ "load", try_load }, { "abort", try_abort }, { "wait", try_wait },
};

static void parse(struct xt_option_call *call)
{
	xtables_option_parse(call);
	for (size_t i = 0; i < sizeof(attempts) / sizeof(*attempts); i++) {
		if (strcmp(call->arg, attempts[i].name) != 0)
			continue;
		errno = 0;
		if (!attempts[i].run())
			xtables_error(PARAMETER_PROBLEM, "escaped: %s", call->arg);
		xtables_error(PARAMETER_PROBLEM, "denied: %s (%s)", call->arg, strerror(errno));
	}
	xtables_error(PARAMETER_PROBLEM, "unknown: %s", call->arg);
}

static const struct xt_option_entry options[] = {
	{ .name = "try", .id = 0, .type = XTTYPE_STRING, .flags = XTOPT_MAND },
	XTOPT_TABLEEND,
};

static struct xtables_match evil = {
	.family = NFPROTO_UNSPEC,
	.name = "evil",
	.version = XTABLES_VERSION,
	.size = XT_ALIGN(64),
	.userspacesize = XT_ALIGN(64),
	.x6_parse = parse,
	.x6_options = options,
};

static void __attribute__((constructor)) load(void)
{
	load_error = try_shadow() ? errno : 0;
	xtables_register_match(&evil);
}
