/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CHECK_PORTS_H
#define DOCKFW_CHECK_PORTS_H

#include "check_proxy.h"
#include "finding.h"
#include "policy.h"
#include "proxies.h"

/*
 * Compares the published ports with the publish sections. Pure. A port is published if
 * one of Docker's DNAT rules is for it, or a docker-proxy listens on it, on whatever
 * address of the host. nat has the nat tables with Docker's chains loaded; where
 * Docker translates in tables of its own, native is what a walk needs that finds the ports
 * there, else NULL. Adds facts, findings of severity ok:
 *
 * port-unlisted, one per configured family: all published ports that no section is for.
 * Nothing if sections are not in use: there is none, and unlisted does not refuse.
 *
 * port-unpublished, one per section of which no port is published in any family. Nothing
 * unless whole is set: nat, proxies and native have every port that Docker publishes.
 */
void check_ports(const struct policy *policy, const struct snapshot *nat,
		 const struct proxies *proxies, const struct proxy_facts *native, bool whole,
		 struct findings *findings);

#endif
