/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints the filters of the process that parses rules (src/xtables/spec_filters.h) as C,
 * compiled by libseccomp. That takes longer than parsing a few rules does, and needs nothing
 * of the running system, so it is done once, when the program is built.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "spec_filters.h"
#include "util.h"

/*
 * Calls that are allowed whatever their arguments are. Descriptors that can be written
 * to are only the pipe and files in memory. Names that an architecture or libseccomp
 * does not know are left out.
 */
static const char *const allowed[] = {
	/* files and memory */
	"read", "readv", "pread64", "write", "writev", "close", "lseek", "_llseek",
	"stat", "stat64", "lstat", "lstat64", "fstat", "fstat64", "fstatat64", "newfstatat", "statx",
	"access", "faccessat", "faccessat2", "readlink", "readlinkat", "getcwd",
	"getdents", "getdents64", "ftruncate", "ftruncate64", "fadvise64", "fadvise64_64",
	"arm_fadvise64_64", "mmap", "mmap2", "mprotect", "munmap", "mremap", "madvise", "brk",
	/* itself and the clock */
	"exit", "exit_group", "restart_syscall", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn",
	"sigreturn", "sigaction", "sigprocmask", "futex", "futex_time64", "getpid", "gettid",
	"getppid", "getuid", "geteuid", "getgid", "getegid", "getuid32", "geteuid32", "getgid32",
	"getegid32", "getrandom", "uname", "time", "gettimeofday", "clock_gettime",
	"clock_gettime64", "getrlimit", "ugetrlimit", "sched_yield", "membarrier", "rseq",
};

/* The value of the option with which the set extensions ask (linux/netfilter/ipset/ip_set.h). */
#define SO_IP_SET 83

/* What opens a file for anything but reading. */
#define OPEN_WRITES (O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND)

static int allow(scmp_filter_ctx filter, const char *name, unsigned int n,
		 const struct scmp_arg_cmp *arguments)
{
	int number = seccomp_syscall_resolve_name(name), error;

	if (number == __NR_SCMP_ERROR)
		return 0;
	error = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, n, arguments);
	/* A call that this architecture does not have. */
	return error == -EDOM ? 0 : error;
}

/* Conditions for argument n, of which only the lower half counts if it is an int. */
#define IS(n, value) { (n), SCMP_CMP_MASKED_EQ, UINT32_MAX, (uint32_t)(value) }
#define IS_BITS(n, mask, value) { (n), SCMP_CMP_MASKED_EQ, (uint32_t)(mask), (uint32_t)(value) }
#define IS_NULL(n) { (n), SCMP_CMP_EQ, 0, 0 }

#define ALLOW_IF(filter, name, ...)                                              \
	allow(filter, name,                                                      \
	      sizeof((struct scmp_arg_cmp[]){ __VA_ARGS__ }) / sizeof(struct scmp_arg_cmp), \
	      (struct scmp_arg_cmp[]){ __VA_ARGS__ })

static int allow_with_arguments(scmp_filter_ctx filter)
{
	/* Not F_SETOWN and F_SETSIG, which send signals. */
	static const int fcntls[] = { F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC };
	int error = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fcntls) && !error; i++) {
		error = ALLOW_IF(filter, "fcntl", IS(1, fcntls[i]));
		if (!error)
			error = ALLOW_IF(filter, "fcntl64", IS(1, fcntls[i]));
	}
	if (!error)
		error = ALLOW_IF(filter, "open", IS_BITS(1, OPEN_WRITES, O_RDONLY));
	if (!error)
		error = ALLOW_IF(filter, "openat", IS_BITS(2, OPEN_WRITES, O_RDONLY));
	/* abort() */
	if (!error)
		error = ALLOW_IF(filter, "tgkill", IS(0, SPEC_FILTER_PID), IS(1, SPEC_FILTER_PID),
				 IS(2, SIGABRT));
	/* sysconf() asks for limits; it may not set any. */
	if (!error)
		error = ALLOW_IF(filter, "prlimit64", IS(0, 0), IS_NULL(2));
	/* -m bpf --object-pinned */
	if (!error)
		error = ALLOW_IF(filter, "bpf", IS(0, BPF_OBJ_GET));
	return error;
}

/*
 * -m set and -j SET ask for a set's number, and for its name, with getsockopt() on a
 * socket (xt_socket.h). Nothing can be sent through it, and no option can be set.
 */
static int allow_sets(scmp_filter_ctx filter)
{
	int error = ALLOW_IF(filter, "socket", IS(0, AF_INET),
			     IS_BITS(1, ~(SOCK_CLOEXEC | SOCK_NONBLOCK), SOCK_DGRAM), IS(2, 0));

	return error ? error : ALLOW_IF(filter, "getsockopt", IS(1, SOL_IP), IS(2, SO_IP_SET));
}

/* Returns 0, or the error of libseccomp, negative. The caller releases the filter. */
static int fill(scmp_filter_ctx filter, bool sets)
{
	/* A search tree. The kernel is faster with it as well: it runs the filter for each call once. */
	int error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);

	for (size_t i = 0; i < ARRAY_SIZE(allowed) && !error; i++)
		error = allow(filter, allowed[i], 0, NULL);
	if (!error)
		error = allow_with_arguments(filter);
	if (!error && sets)
		error = allow_sets(filter);
	return error;
}

/* Returns -1 unless the process's number stands where it can be replaced: in comparisons. */
static int print(const char *name, FILE *from)
{
	struct sock_filter step;
	unsigned int n = 0, numbers = 0;

	printf("const struct sock_filter %s[] = {\n", name);
	for (; fread(&step, sizeof(step), 1, from) == 1; n++) {
		printf("\t{ 0x%02x, %u, %u, 0x%08x },\n", (unsigned int)step.code, (unsigned int)step.jt,
		       (unsigned int)step.jf, (unsigned int)step.k);
		if (step.k != SPEC_FILTER_PID)
			continue;
		if (step.code != (BPF_JMP | BPF_JEQ | BPF_K))
			return -1;
		numbers++;
	}
	printf("};\nconst unsigned short %s_n = %u;\n", name, n);
	return numbers && n <= BPF_MAXINSNS ? 0 : -1;
}

static int generate(const char *name, bool sets)
{
	/* Not a kill: what a rule may not do shows as the error of that rule. */
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	FILE *file = tmpfile();
	int error = filter && file ? fill(filter, sets) : -ENOMEM;

	if (!error)
		error = seccomp_export_bpf(filter, fileno(file));
	if (filter)
		seccomp_release(filter);
	if (error)
		fprintf(stderr, "libseccomp cannot compile the filter: %s\n", strerror(-error));
	else
		rewind(file);
	if (!error && print(name, file)) {
		fputs("the filter does not compare the number of its process\n", stderr);
		error = -EINVAL;
	}
	if (file)
		fclose(file);
	return error;
}

int main(void)
{
	puts("#include <linux/filter.h>\n#include \"spec_filters.h\"");
	if (generate("spec_filter", false) || generate("spec_filter_sets", true))
		return 1;
	return fflush(stdout) ? 1 : 0;
}
