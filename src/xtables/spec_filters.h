/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SPEC_FILTERS_H
#define DOCKFW_SPEC_FILTERS_H

/*
 * The filters of system calls that spec_seccomp.c loads, without and with what asks for sets.
 * filters/generate.c has libseccomp compile them when the program is built.
 */
struct sock_filter;

/* Stands for the number of the process itself; no process has this one (pid_max). */
#define SPEC_FILTER_PID 0x5e1f5e1fU

extern const struct sock_filter spec_filter[], spec_filter_sets[];
extern const unsigned short spec_filter_n, spec_filter_sets_n;

#endif
