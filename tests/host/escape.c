/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a program that was taken over would try.
 *
 *	escape VICTIM
 *
 * VICTIM is a process of another user. Prints a line "granted NAME" or "refused NAME:
 * ERROR" for each attempt; exit status 0 if all were refused, else 4. Nothing is left
 * behind: a granted attempt removes what it made.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/reboot.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static pid_t victim;

/* An attempt returns 0 if it was granted, or -1 with errno. It runs in a child. */
struct attempt {
	const char *name;
	int (*try)(const char *argument);
	const char *argument;
};

static int writes(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd >= 0 && strstr(path, "escaped"))
		unlink(path);
	return fd < 0 ? -1 : 0;
}

static int opens(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) < 0 ? -1 : 0;
}

static int opens_to_write(const char *path)
{
	return open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK) < 0 ? -1 : 0;
}

/* The same for a file of the victim's in /proc. */
static int opens_of_victim(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)victim, name);
	return opens(path);
}

static int connects(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	return fd < 0 ? -1 : connect(fd, (struct sockaddr *)&address, sizeof(address));
}

static int runs(const char *command)
{
	char *const words[] = { (char *)"sh", (char *)"-c", (char *)command, NULL };
	pid_t child;
	int status = posix_spawn(&child, "/bin/sh", NULL, NULL, words, environ);

	errno = status;
	if (status || waitpid(child, &status, 0) < 0)
		return -1;
	errno = EPERM;
	return status ? -1 : 0;
}

static int raw_packets(const char *unused)
{
	(void)unused;
	return socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0) < 0 ? -1 : 0;
}

/* It opens sockets of any family, whatever a filter of system calls says. */
static int uring(const char *unused)
{
	struct io_uring_params params = { 0 };

	(void)unused;
	return (int)syscall(SYS_io_uring_setup, 1, &params) < 0 ? -1 : 0;
}

/* The kernel looks at the rights before the module, which is none. */
static int module(const char *unused)
{
	(void)unused;
	syscall(SYS_init_module, "none", 4UL, "");
	return errno == ENOEXEC ? 0 : -1;
}

static int traces(const char *unused)
{
	(void)unused;
	return (int)ptrace(PTRACE_SEIZE, victim, NULL, NULL);
}

static int reads_memory(const char *unused)
{
	char byte;
	struct iovec to = { &byte, 1 }, from = { (void *)(uintptr_t)&traces, 1 };

	(void)unused;
	process_vm_readv(victim, &to, 1, &from, 1, 0);
	/* There may be nothing at that address of the victim. */
	return errno == EFAULT || !errno ? 0 : -1;
}

static int signals(const char *unused)
{
	(void)unused;
	return kill(victim, SIGCONT);
}

static int becomes_root(const char *unused)
{
	(void)unused;
	return setresuid(0, 0, 0);
}

static int joins_root(const char *unused)
{
	gid_t root = 0;

	(void)unused;
	return (int)syscall(SYS_setgroups, 1, &root);
}

/* Where that is granted, in a namespace of its own: the machine keeps its mounts. */
static int mounts(const char *where)
{
	if (!unshare(CLONE_NEWNS) && mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL))
		return -1;
	return mount("none", where, "tmpfs", 0, NULL);
}

static int namespaces(const char *flag)
{
	return unshare((int)strtol(flag, NULL, 0));
}

static int enters(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : setns(fd, 0);
}

/* Any disk; its numbers need not exist for the node to be refused. */
static int block_device(const char *unused)
{
	(void)unused;
	if (mknod("/tmp/dockfw-escaped", S_IFBLK | 0600, makedev(254, 0)))
		return -1;
	unlink("/tmp/dockfw-escaped");
	return 0;
}

/* The kernel looks at the rights before the magic numbers, which are wrong. */
static int reboots(const char *unused)
{
	(void)unused;
	syscall(SYS_reboot, 0, 0, LINUX_REBOOT_CMD_RESTART, NULL);
	return errno == EINVAL ? 0 : -1;
}

static int host_name(const char *unused)
{
	char name[256] = "";

	(void)unused;
	gethostname(name, sizeof(name) - 1);
	return sethostname(name, strlen(name));
}

static int writes_code(const char *unused)
{
	(void)unused;
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
	       MAP_FAILED ? -1 : 0;
}

static const struct attempt attempts[] = {
	{ "systemd's own socket", connects, "/run/systemd/private" },
	{ "D-Bus", connects, "/run/dbus/system_bus_socket" },
	{ "Docker's socket", connects, "/run/docker.sock" },
	{ "containerd's socket", connects, "/run/containerd/containerd.sock" },
	{ "a transient unit", runs, "exec systemd-run --quiet /bin/true >/dev/null 2>&1" },
	{ "a transient unit over D-Bus", runs, "exec busctl --quiet call org.freedesktop.systemd1 "
	  "/org/freedesktop/systemd1 org.freedesktop.systemd1.Manager StartTransientUnit "
	  "'ssa(sv)a(sa(sv))' dockfw-escaped.service replace 1 ExecStart 'a(sasb)' 1 /bin/true 1 "
	  "/bin/true false 0 >/dev/null 2>&1" },
	{ "a container", runs, "exec docker ps >/dev/null 2>&1" },
	{ "a program that is set-user-ID", runs, "exec su -s /bin/sh -c true root >/dev/null 2>&1 </dev/null" },
	{ "io_uring", uring, NULL },
	{ "raw packets", raw_packets, NULL },
	{ "write to /run", writes, "/run/dockfw-escaped" },
	{ "write to /run/dockfw", writes, "/run/dockfw/dockfw-escaped" },
	{ "write to /run/systemd/system", writes, "/run/systemd/system/dockfw-escaped.service" },
	{ "write to the time of the last restart", writes, "/run/dockfw/docker-restarted" },
	{ "write to the xtables lock", opens_to_write, "/run/xtables.lock" },
	{ "write to /etc", writes, "/etc/dockfw-escaped" },
	{ "write to the configuration", opens_to_write, "/etc/dockfw/dockfw.conf" },
	{ "write beside the configuration", writes, "/etc/dockfw/conf.d/dockfw-escaped.conf" },
	{ "write to /usr", writes, "/usr/dockfw-escaped" },
	{ "write to /var/lib", writes, "/var/lib/dockfw-escaped" },
	{ "write to Docker's files", writes, "/var/lib/docker/dockfw-escaped" },
	{ "write to /dev/shm", writes, "/dev/shm/dockfw-escaped" },
	{ "write to /root", writes, "/root/dockfw-escaped" },
	{ "write to /proc/sys", opens_to_write, "/proc/sys/net/ipv4/ip_forward" },
	{ "write to /proc/sysrq-trigger", opens_to_write, "/proc/sysrq-trigger" },
	{ "write to the control groups", opens_to_write, "/sys/fs/cgroup/cgroup.procs" },
	{ "write to /dev/kmsg", opens_to_write, "/dev/kmsg" },
	{ "read /etc/shadow", opens, "/etc/shadow" },
	{ "read the list of Docker's files", opens, "/var/lib/docker/containers" },
	{ "read another's environment", opens_of_victim, "environ" },
	{ "read another's memory", reads_memory, NULL },
	{ "open another's memory", opens_of_victim, "mem" },
	{ "another's root folder", opens_of_victim, "root/etc" },
	{ "ptrace", traces, NULL },
	{ "a signal to another's process", signals, NULL },
	{ "load a module", module, NULL },
	{ "setuid", becomes_root, NULL },
	{ "setgroups", joins_root, NULL },
	{ "mount", mounts, "/tmp" },
	{ "chroot", chroot, "/tmp" },
	{ "a new user namespace", namespaces, "0x10000000" },
	{ "a new mount namespace", namespaces, "0x00020000" },
	{ "a new network namespace", namespaces, "0x40000000" },
	{ "another mount namespace", enters, "/proc/1/ns/mnt" },
	{ "a block device", block_device, NULL },
	{ "the memory of the machine", opens, "/dev/mem" },
	{ "reboot", reboots, NULL },
	{ "the host's name", host_name, NULL },
	{ "memory to write and to execute", writes_code, NULL },
};

/* Runs the attempt in a child, so that a granted one changes nothing for the next. */
static int outcome(const struct attempt *attempt)
{
	int status;
	pid_t child = fork();

	if (!child) {
		errno = 0;
		_exit(attempt->try(attempt->argument) ? errno : 0);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		exit(3);
	/* Killed for it, which is a refusal. */
	return WIFEXITED(status) ? WEXITSTATUS(status) : EPERM;
}

int main(int argc, char *argv[])
{
	bool granted = false;

	if (argc != 2 || (victim = (pid_t)atoi(argv[1])) <= 1) {
		fprintf(stderr, "usage: escape VICTIM\n");
		return 3;
	}
	for (size_t i = 0; i < sizeof(attempts) / sizeof(*attempts); i++) {
		int error = outcome(&attempts[i]);

		if (error)
			printf("refused %s: %s\n", attempts[i].name, strerror(error));
		else
			printf("granted %s\n", attempts[i].name);
		fflush(stdout);
		granted |= !error;
	}
	return granted ? 4 : 0;
}
