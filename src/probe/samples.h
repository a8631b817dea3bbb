/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The histograms of EMIT_SAMPLES. */
#ifndef TCPVITALS_PROBE_SAMPLES_H
#define TCPVITALS_PROBE_SAMPLES_H

#include "abi/histogram.h"
#include "abi/rtt.h"
#include "probe/probe.h"
#include "probe/way.h"

#include <stdbool.h>
#include <stdint.h>

struct vitals_bpf;

/* What the wants come to. */
bool samples_are_grouped(const struct sample_wants *samples);
bool samples_see_segments(const struct probe_wants *wants); /* samples come from segments, not only from states */
bool samples_remember(const struct probe_wants *wants);     /* something of each socket */
bool samples_have_hook(const struct probe_wants *wants, enum probe_hook hook); /* that could take these samples */

/* Before `vitals` is loaded. */
void samples_prepare(const struct probe_wants *wants, const struct way *way, struct vitals_bpf *vitals);

/* After it was loaded, before it is attached. 0 or a negative errno; give `probe` to samples_close(). */
int samples_open(struct probe *probe);
void samples_close(struct probe *probe);

/* The programs that are loaded, for what the kernel skips of them: those of the means of EMIT_CONNECTIONS, too. */
void samples_find(struct probe *probe);

/* After probe_detach(): samples that have waited for an owner that never showed count as their listener's. */
void samples_settle(struct probe *probe);

/* All samples so far, not grouped. 0 or a negative errno. */
int samples_read_all(const struct probe *probe, struct histogram *ret);

/*
 * Steps through the groups: `key` is the group before, or NULL for the first; 0 and the next one's key and number,
 * -ENOENT after the last, or a negative errno.
 */
int samples_next_group(const struct probe *probe, const struct rtt_key *key, struct rtt_key *ret_key,
		       uint32_t *ret_number);

/* A group's samples so far. 0 or a negative errno. */
int samples_read_group(const struct probe *probe, uint32_t number, struct histogram *ret);

/* What was not measured; only grows. */
const struct rtt_counters *samples_counters(const struct probe *probe);

#endif
