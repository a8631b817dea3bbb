/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The histograms of EMIT_SAMPLES: prepares their programs and maps, and reads them. */
#ifndef TCPVITALS_PROBE_SAMPLES_H
#define TCPVITALS_PROBE_SAMPLES_H

#include "abi/histogram.h"
#include "abi/rtt.h"
#include "probe/probe.h"
#include "probe/way.h"

#include <stdbool.h>
#include <stdint.h>

struct vitals_bpf;

/* Properties of the wants. */
bool samples_are_grouped(const struct sample_wants *samples);
bool samples_see_segments(const struct probe_wants *wants); /* samples come from segments, not only from states */
bool samples_remember(const struct probe_wants *wants);     /* the programs remember each socket */
bool samples_need_roles(const struct probe_wants *wants);   /* scope or groups depend on the role */
bool samples_have_hook(const struct probe_wants *wants, enum probe_hook hook); /* the hook can take these samples */

/* Chooses programs, maps and constants, before `vitals` is loaded. */
void samples_prepare(const struct probe_wants *wants, const struct way *way, struct vitals_bpf *vitals);

/*
 * Call it after `vitals` is loaded and before it is attached. Returns 0 or a negative errno. Call samples_close()
 * afterwards.
 */
int samples_open(struct probe *probe);
void samples_close(struct probe *probe);

/*
 * Records the loaded sampling programs, to read how often the kernel skips them. The program for the means of
 * EMIT_CONNECTIONS is included.
 */
void samples_find(struct probe *probe);

/* Call it after probe_detach(). Samples that still wait for an owner count as the listener's. */
void samples_add_pending(struct probe *probe);

/* Reads all samples so far, without grouping. Returns 0 or a negative errno. */
int samples_read_all(const struct probe *probe, struct histogram *ret);

/*
 * Reads the key and the number of the group after `key` (NULL: the first). Returns 0, -ENOENT after the last group, or
 * another negative errno.
 */
int samples_next_group(const struct probe *probe, const struct group_key *key, struct group_key *ret_key,
		       uint32_t *ret_number);

/* Reads a group's samples so far. Returns 0 or a negative errno. */
int samples_read_group(const struct probe *probe, uint32_t number, struct histogram *ret);

/* Returns counters of samples that were not taken. The counters only grow. */
const struct rtt_counters *samples_counters(const struct probe *probe);

#endif
