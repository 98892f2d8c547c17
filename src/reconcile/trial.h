/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_TRIAL_H
#define DOCKFW_TRIAL_H

#include "backend.h"
#include "policy.h"

/*
 * Has the kernel try every rule of the policy, as an insert into DOCKER-USER, in the
 * backend that a repair would use. Nothing is changed: with nf_tables the chains that the
 * rules need are a part of what is tried, and with ip_tables a family is left out unless
 * its table is registered.
 *
 * Without the right to change tables the kernel is not consulted, which is shown with -v;
 * so it is, with a warning, if that fails. Returns 0, or -1 after reporting each rule that
 * the kernel does not take, as an error of the configuration.
 */
/* Whether this process has the right to have the kernel try rules, and to look up sets. */
bool trial_may(void);
int trial_run(backend_list backends, const struct policy *policy);

#endif
