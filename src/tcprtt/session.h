/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel side of tcprtt as the rest of the tool sees it: something that is attached, and histograms to read. */
#ifndef TCPVITALS_TCPRTT_SESSION_H
#define TCPVITALS_TCPRTT_SESSION_H

#include "abi/histogram.h"
#include "abi/rtt.h"
#include "tcprtt/options.h"

#include <stddef.h>

struct rtt_session {
	struct tcprtt_bpf *skeleton;
	const struct rtt_counters *counters;
	const struct histogram *groups; /* that CPUs share: mapped, max_keys + 1 of them; NULL when not grouped */
	size_t groups_size;             /* of the mapping, in bytes */
	uint32_t groups_per_cpu;        /* the first so many have a histogram on each CPU, too */
	struct histogram *per_cpu;      /* room to read one histogram of all CPUs */
	int cpus;
	const char *hook; /* "tp_btf", "fentry" */
	char storage[48]; /* in words, for --verbose */
};

/* Why nothing could be attached, for the user, NUL-terminated. */
struct rtt_session_error {
	char text[512];
};

/* Loads and attaches the best way that this kernel can do, or what the options ask for. 0 or a negative errno and
 * `error`. */
int rtt_session_open(const struct tcprtt_options *options, struct rtt_session *ret, struct rtt_session_error *error);
void rtt_session_detach(struct rtt_session *session);
void rtt_session_close(struct rtt_session *session);

/* All samples so far, not grouped. 0 or a negative errno. */
int rtt_session_read_all(const struct rtt_session *session, struct histogram *ret);

/*
 * Steps through the groups: `key` is the group before, or NULL for the first; 0 and the next one's key and number,
 * -ENOENT after the last, or a negative errno.
 */
int rtt_session_next_group(const struct rtt_session *session, const struct rtt_key *key, struct rtt_key *ret_key,
			   uint32_t *ret_number);

/* A group's samples so far. 0 or a negative errno. */
int rtt_session_read_group(const struct rtt_session *session, uint32_t number, struct histogram *ret);

/* Processes of a command that were not noted as such for lack of room. */
uint64_t rtt_session_unfollowed(const struct rtt_session *session);

/* Events that the kernel skipped because a program interrupted itself. */
uint64_t rtt_session_recursion_misses(const struct rtt_session *session);

#endif
