/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Single connections for the live page: slowest peers, retransmitting processes, stuck sockets. */
#ifndef TCPVITALS_EXPORTER_VIEW_H
#define TCPVITALS_EXPORTER_VIEW_H

#include "abi/connection.h"
#include "probe/probe.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIEW_SHOWN 10

/* A power of two. Peers and processes beyond are left out. */
#define VIEW_PLACES 8192

struct view_peer {
	uint8_t address[16]; /* network byte order */
	uint8_t ip_version;  /* 0: the place is free */
	uint32_t ifindex;    /* the zone of a link-local address */
	uint32_t netns;
	uint64_t connections; /* those that have a measured RTT */
	uint64_t rtt_sum_us;
};

struct view_process {
	bool is_used;
	bool is_known; /* else pid and comm have no meaning */
	uint32_t pid;
	char comm[OWNER_COMM_LEN];
	uint64_t segments;
};

struct view {
	struct view_peer *peers; /* by a hash of the address; after view_take() the slowest come first */
	struct view_process *processes;
	size_t peer_count, process_count; /* of those that are shown */
	struct connection stuck[VIEW_SHOWN];
	size_t stuck_count;
	uint64_t took_ns; /* how long the last view took */
};

/* Returns 0 or -ENOMEM. Call view_close() in both cases. */
int view_open(struct view *ret);
void view_close(struct view *view);

/* Looks at all connections. Returns 0 or a negative errno. */
int view_take(struct view *view, const struct probe *probe);

#endif
