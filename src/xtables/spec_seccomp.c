/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "spec_seccomp.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "spec_filters.h"
#include "util.h"

int spec_seccomp(bool sets)
{
	unsigned short n = sets ? spec_filter_sets_n : spec_filter_n;
	struct sock_filter *filter = xmemdup(sets ? spec_filter_sets : spec_filter, n * sizeof(*filter));
	struct sock_fprog program = { .len = n, .filter = filter };
	int result, error;

	for (unsigned short i = 0; i < n; i++)
		if (filter[i].k == SPEC_FILTER_PID)
			filter[i].k = (uint32_t)getpid();
	result = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
	error = errno;
	free(filter);
	errno = error;
	return result;
}
