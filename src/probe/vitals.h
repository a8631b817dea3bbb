/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The object for kernels with BTF: chooses programs and maps for the wants, loads and attaches them. */
#ifndef TCPVITALS_PROBE_VITALS_H
#define TCPVITALS_PROBE_VITALS_H

#include "probe/probe.h"
#include "probe/way.h"

/*
 * Loads and attaches the object in the given way, with the best accept hook and without the optional programs that the
 * kernel refuses. Returns 0, or a negative errno. `why` is set only if it has more to say than the errno. Call
 * vitals_close() afterwards, in both cases.
 */
int vitals_open(const struct way *way, struct probe *ret, struct probe_error *why);
void vitals_stop(struct probe *probe); /* all programs ignore events from then on */
void vitals_detach(struct probe *probe);
void vitals_close(struct probe *probe);

/* Returns whether the programs remember sockets. */
bool vitals_remember(const struct way *way, const struct probe_wants *wants);

/* Returns whether remembered sockets are in a table, in front of their socket storage. */
bool vitals_use_table(const struct way *way, const struct probe *probe);

#endif
