/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The object for kernels with BTF: what of it is loaded, and how. */
#ifndef TCPVITALS_PROBE_VITALS_H
#define TCPVITALS_PROBE_VITALS_H

#include "probe/probe.h"
#include "probe/way.h"

/*
 * Loads and attaches it in that way, with the best accept hook, and without the optional programs that are refused. 0
 * or a negative errno, and `why` when there is more to say than that. `ret` must be given to vitals_close().
 */
int vitals_open(const struct way *way, struct probe *ret, struct probe_error *why);
void vitals_stop(struct probe *probe); /* no program begins anything from now on */
void vitals_detach(struct probe *probe);
void vitals_close(struct probe *probe);

/* Whether anything is remembered of sockets. */
bool vitals_remember(const struct way *way, const struct probe_wants *wants);

/* Whether sockets have places in a table in front of their storage. */
bool vitals_use_table(const struct way *way, const struct probe *probe);

#endif
