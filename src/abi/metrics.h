/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counters of the kernel side for the exporter (EMIT_METRICS), which only grow. */
#ifndef TCPVITALS_ABI_METRICS_H
#define TCPVITALS_ABI_METRICS_H

#include "abi/cause.h"
#include "abi/connection.h"
#include "abi/retransmission.h"
#include "abi/tcp_state.h"
#include "abi/time_histogram.h"
#include "abi/types.h"

/* Reasons why an open connection does not send. */
enum limit {
	LIMIT_RECEIVER,    /* the peer's receive window */
	LIMIT_SEND_BUFFER, /* SO_SNDBUF */
	LIMIT_APPLICATION, /* nothing to send */
	LIMITS
};

/* Of one group of connections: a value of the maps `group_metrics_per_cpu` and `group_metrics`. */
struct group_metrics {
	__u64 opened[ROLES];
	__u64 closed[ROLES][CAUSES];
	__u64 sent_bytes; /* payload, retransmissions included (tcpi_bytes_sent) */
	__u64 received_bytes;
	__u64 sent_segments;
	__u64 received_segments;
	__u64 retransmitted[RETRANSMISSIONS]; /* segments */
	__u64 syn_retransmitted;
	__u64 syn_ack_retransmitted;
	__u64 resets_sent;
	__u64 resets_received;
	__u64 limited_ns[LIMITS];
	struct time_histogram rtt;
};

#define GROUP_METRICS_WORDS (sizeof(struct group_metrics) / sizeof(__u64))

/* The groups with the lowest numbers have counters on each CPU. The others would take too much memory. */
#define METRICS_GROUPS_PER_CPU 32

/* States by number, that of request sockets (TCP_NEW_SYN_RECV) included. */
#define METRICS_STATES 16

#define STATE_NEW_SYN_RECV 12

/* Sockets that are open in each state: a value of the per-CPU map `open_sockets`. The sum over all CPUs has a meaning.
 */
struct open_sockets {
	__s64 in_state[METRICS_STATES];
};

/* Indexes of the per-CPU map `metric_times`. */
enum {
	TIMES_OF_STATE = 0,                  /* + enum tcp_state */
	TIMES_OF_HANDSHAKE = METRICS_STATES, /* + enum connection_role */
	TIMES_OF_CONNECTION = TIMES_OF_HANDSHAKE + ROLES,
	METRIC_TIMES = TIMES_OF_CONNECTION + ROLES
};

/* Listeners of a port, in all network namespaces: a value of the map `port_listeners`. Key: __u32, the port. */
struct port_listeners {
	__u64 drops;   /* what the listeners dropped (sk_drops); only grows */
	__u32 walk;    /* number of the walk that has found the next ones */
	__u32 backlog; /* connections in their accept queues */
	__u32 limit;   /* the smallest of their accept queues */
	__u32 highest; /* of one accept queue, from the walk before to this one */
};

#define PORT_LISTENERS_MAX 1024

/* One walk through all sockets of all network namespaces. User space writes what is marked, and the program counts. */
struct metrics_walk {
	__u64 time_ns;                 /* user space, CLOCK_MONOTONIC */
	__u32 number;                  /* user space: of this walk, from 1 */
	__u32 visited;                 /* sockets, of all walks */
	__u64 unremembered;            /* sockets without a struct conn */
	__u64 minor[METRICS_STATES];   /* sockets that are no full ones: TIME_WAIT and request sockets */
	__u64 stuck[METRICS_STATES];   /* sockets in the state for longer than the stuck_settings say */
	__u64 local_ports[65536 / 64]; /* bits: local ports in use; user space clears them for each namespace */
};

_Static_assert(sizeof(struct metrics_walk) == 24 + 2 * 128 + 8192, "struct metrics_walk is in a program's memory");

#endif
