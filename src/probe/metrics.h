/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The counters and histograms of EMIT_METRICS: prepares their programs and maps, walks, and reads them. */
#ifndef TCPVITALS_PROBE_METRICS_H
#define TCPVITALS_PROBE_METRICS_H

#include "abi/group.h"
#include "abi/metrics.h"
#include "os/netns.h"
#include "probe/probe.h"

#include <stdbool.h>
#include <stdint.h>

struct vitals_bpf;

/* Chooses programs, maps and constants, before `vitals` is loaded. `in_table`: sockets have a place in conn_table. */
void metrics_prepare(const struct probe_wants *wants, bool in_table, struct vitals_bpf *vitals);

/*
 * Call it after `vitals` is loaded and before it is attached. Returns 0 or a negative errno. Call metrics_close()
 * afterwards.
 */
int metrics_open(struct probe *probe);
void metrics_close(struct probe *probe);

/* The result of a walk through all sockets of all network namespaces. */
struct walk_result {
	uint64_t minor[METRICS_STATES]; /* sockets in TIME_WAIT (STATE_TIME_WAIT), request sockets (STATE_NEW_SYN_RECV)
					 */
	uint64_t stuck[METRICS_STATES];
	uint64_t unremembered; /* open sockets that the tracker does not know */
	uint32_t number;       /* of the walk, from 1 */
	/* Of the namespace that uses the largest share of its ephemeral ports; both 0: no range could be read. */
	uint32_t ephemeral_used, ephemeral_ports;
};

/*
 * Walks: counts what open connections have sent and received since the last walk, and finds listeners and stuck
 * sockets. Call it at the start and then every few seconds. Returns 0 or a negative errno.
 */
int metrics_walk(struct probe *probe, struct walk_result *ret, struct netns_omissions *ret_omissions);

/* Reads a group. The pointer is valid until the next call. NULL: it cannot be read. */
const struct group_metrics *metrics_read_group(struct probe *probe, uint32_t number);

/*
 * Takes the number away from a group that has ended. Returns 0 or a negative errno. metrics_new_epoch(), once for all
 * groups that end at a time, makes each connection look up its group again. The number is free for another group after
 * metrics_free_number(), one walk later: until then connections may still have it.
 */
int metrics_end_group(struct probe *probe, const struct group_key *key);
void metrics_new_epoch(struct probe *probe);
void metrics_free_number(struct probe *probe, uint32_t number);

/* Reads one of the histograms of times, as indexed in abi/metrics.h. Returns 0 or a negative errno. */
int metrics_read_times(const struct probe *probe, uint32_t index, struct time_histogram *ret);

/* Reads the number of open sockets in each state. Returns 0 or a negative errno. */
int metrics_read_open_sockets(const struct probe *probe, uint64_t ret[METRICS_STATES]);

/*
 * Returns how many retransmissions and resets were not counted, because the program was under way on that CPU; an upper
 * bound, as those out of scope are among them.
 */
uint64_t metrics_uncounted(const struct probe *probe);

/*
 * Reads the listeners of the port after *port (NULL: the first). Returns 0, -ENOENT after the last port, or another
 * negative errno.
 */
int metrics_next_port(const struct probe *probe, const uint32_t *port, uint32_t *ret_port, struct port_listeners *ret);

/* Makes room: the port has no listener any more. Not between two calls of metrics_next_port(). */
void metrics_forget_port(const struct probe *probe, uint32_t port);

/*
 * Adds up the runs of all loaded programs, and the time in them. Returns false if the kernel counts none (sysctl
 * kernel.bpf_stats_enabled).
 */
bool metrics_read_runs(const struct probe *probe, uint64_t *ret_runs, uint64_t *ret_ns);

#endif
