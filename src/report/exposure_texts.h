/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_EXPOSURE_TEXTS_H
#define DOCKFW_EXPOSURE_TEXTS_H

#include "exposure.h"
#include "rule_texts.h"

/* The parts of an exposure in words. The caller frees each text. */

/* What decides for the interfaces of one way. */
const struct decider *way_decider(const struct exposed_way *way, enum family family);
/* How open one way is, whatever interfaces it is about. */
enum openness way_openness(const struct exposed_way *way, enum family family);

/* Makes the texts of all rules that a list names; clear them in any case. */
int report_exposure_rules(const struct exposure_list *list, struct named_rules *texts);

/*
 * "0.0.0.0:80/tcp", as docker ps shows it; for a port that is only on some addresses of
 * the host, the one of that index.
 */
char *port_text(const struct exposure *exposure, size_t host);
/* "172.17.0.2:80", "172.17.0.2-172.17.0.5:80" if it may be any of these, or the network. */
char *container_text(const struct exposure *exposure);
/* "ens3,wg0 +2": at most so many are named; 0: all. */
char *interfaces_text(const struct exposed_way *way, size_t most);
/* "LEFTbetweenRIGHT"; takes ownership of both. */
char *join_texts(char *left, const char *between, char *right);

#endif
