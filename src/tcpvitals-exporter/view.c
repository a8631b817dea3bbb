/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpvitals-exporter/view.h"

#include "abi/tcp_state.h"
#include "core/zone.h"
#include "os/clock.h"
#include "probe/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Places that are looked at for one key. */
#define TRIES 32

int view_open(struct view *ret)
{
	*ret = (struct view){
		.peers = calloc(VIEW_PLACES, sizeof(struct view_peer)),
		.processes = calloc(VIEW_PLACES, sizeof(struct view_process)),
	};
	return ret->peers && ret->processes ? 0 : -ENOMEM;
}

void view_close(struct view *view)
{
	free(view->peers);
	free(view->processes);
	*view = (struct view){};
}

static size_t hash_bytes(const void *key, size_t size)
{
	const uint8_t *bytes = key;
	uint64_t hash = 0xcbf29ce484222325ULL; /* FNV-1a */

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3ULL;
	return (size_t)(hash >> 32);
}

static void add_peer(struct view *view, const struct connection *record)
{
	uint32_t zone = zone_applies(record->end.ip_version, record->end.raddr) ? record->end.ifindex : 0;
	size_t start = hash_bytes(record->end.raddr, sizeof(record->end.raddr));

	for (size_t i = 0; i < TRIES; i++) {
		struct view_peer *peer = &view->peers[(start + i) % VIEW_PLACES];

		if (peer->ip_version && (peer->ip_version != record->end.ip_version || peer->ifindex != zone ||
					 memcmp(peer->address, record->end.raddr, sizeof(peer->address)) != 0))
			continue;
		memcpy(peer->address, record->end.raddr, sizeof(peer->address));
		peer->ip_version = record->end.ip_version;
		peer->ifindex = zone;
		peer->netns = record->end.netns;
		peer->connections++;
		peer->rtt_sum_us += record->srtt_us;
		return;
	}
}

static void add_process(struct view *view, const struct connection *record)
{
	bool known = record->end.owner.source != OWNER_UNKNOWN;
	uint32_t pid = known ? record->end.owner.pid : 0;
	size_t start = hash_bytes(&pid, sizeof(pid));

	for (size_t i = 0; i < TRIES; i++) {
		struct view_process *process = &view->processes[(start + i) % VIEW_PLACES];

		if (process->is_used && (process->is_known != known || process->pid != pid))
			continue;
		process->is_used = true;
		process->is_known = known;
		process->pid = pid;
		if (known)
			memcpy(process->comm, record->end.owner.comm, sizeof(process->comm));
		process->segments += record->retransmits;
		return;
	}
}

static uint64_t since_ns(const struct connection *record)
{
	return record->end.time_ns - record->end.duration_ns;
}

/* Keeps the sockets that are stuck for the longest time, in that order. */
static void add_stuck(struct view *view, const struct connection *record)
{
	size_t at = view->stuck_count;

	while (at && since_ns(&view->stuck[at - 1]) > since_ns(record))
		at--;
	if (at == VIEW_SHOWN)
		return;
	if (view->stuck_count < VIEW_SHOWN)
		view->stuck_count++;
	memmove(&view->stuck[at + 1], &view->stuck[at], (view->stuck_count - at - 1) * sizeof(*record));
	view->stuck[at] = *record;
}

struct visit {
	struct view *view;
	const struct stuck_settings *stuck;
};

static void add_record(void *context, const struct connection *record)
{
	const struct visit *visit = context;

	if (record->srtt_us)
		add_peer(visit->view, record);
	if (record->retransmits)
		add_process(visit->view, record);
	if (visit->stuck->states >> record->end.newstate & 1 && record->end.duration_ns != DURATION_UNKNOWN &&
	    record->end.duration_ns > visit->stuck->longer_ns)
		add_stuck(visit->view, record);
}

static int compare_peers(const void *a, const void *b)
{
	const struct view_peer *x = a, *y = b;
	uint64_t slow_x = x->connections ? x->rtt_sum_us / x->connections : 0,
		 slow_y = y->connections ? y->rtt_sum_us / y->connections : 0;

	return (slow_x < slow_y) - (slow_x > slow_y);
}

static int compare_processes(const void *a, const void *b)
{
	const struct view_process *x = a, *y = b;

	return (x->segments < y->segments) - (x->segments > y->segments);
}

int view_take(struct view *view, const struct probe *probe)
{
	struct visit visit = {view, &probe->wants.stuck};
	uint64_t start_ns = clock_monotonic_ns();
	struct netns_omissions omissions;
	int error;

	memset(view->peers, 0, VIEW_PLACES * sizeof(*view->peers));
	memset(view->processes, 0, VIEW_PLACES * sizeof(*view->processes));
	view->stuck_count = 0;
	error = snapshot_take(probe, add_record, &visit, &omissions);
	qsort(view->peers, VIEW_PLACES, sizeof(*view->peers), compare_peers);
	qsort(view->processes, VIEW_PLACES, sizeof(*view->processes), compare_processes);
	for (view->peer_count = 0; view->peer_count < VIEW_SHOWN && view->peers[view->peer_count].connections;)
		view->peer_count++;
	for (view->process_count = 0;
	     view->process_count < VIEW_SHOWN && view->processes[view->process_count].segments;)
		view->process_count++;
	view->took_ns = clock_monotonic_ns() - start_ns;
	return error;
}
