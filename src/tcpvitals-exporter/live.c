/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpvitals-exporter/live.h"

#include "os/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Least time between two views, and the part of a CPU that views may take. */
#define VIEW_INTERVAL_NS 2000000000ULL
#define VIEW_SHARE       20

static uint64_t wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int live_open(struct collect *collect, struct resolver *resolver, struct live *ret)
{
	int error;

	*ret = (struct live){
		.collect = collect,
		.resolver = resolver,
		.rows = calloc(LIVE_ROWS, sizeof(struct live_row)),
		.before_ms = wall_ms(),
	};
	gethostname(ret->host, sizeof(ret->host) - 1);
	error = view_open(&ret->view);
	if (error || !ret->rows)
		return -ENOMEM;
	return groups_total(&collect->groups, &ret->before);
}

void live_close(struct live *live)
{
	view_close(&live->view);
	free(live->rows);
	live->rows = NULL;
}

/* The view is due. A long one is taken less often. */
static void take_view(struct live *live)
{
	uint64_t now_ns = clock_monotonic_ns(), pause_ns;

	if (now_ns < live->view_due_ns)
		return;
	live->has_view = !view_take(&live->view, live->collect->probe);
	pause_ns = live->view.took_ns * VIEW_SHARE;
	live->view_due_ns = now_ns + (pause_ns > VIEW_INTERVAL_NS ? pause_ns : VIEW_INTERVAL_NS);
}

static void add_row(struct live *live, const struct group_metrics *now, uint64_t now_ms)
{
	struct live_row *row = &live->rows[live->row_count++ % LIVE_ROWS];

	row->from_ms = live->before_ms;
	row->to_ms = now_ms;
	for (size_t slot = 0; slot < TIME_SLOTS; slot++)
		row->slots[slot] = (uint32_t)(now->rtt.slots[slot] - live->before.rtt.slots[slot]);
}

int live_read(struct live *live, bool has_pages)
{
	struct group_metrics *now = &live->collect->total, *before = &live->before;
	uint64_t now_ms = wall_ms();
	int error;

	*before = live->collect->total;
	error = collect_read_host(live->collect);
	if (!error)
		error = groups_total(&live->collect->groups, now);
	if (error)
		return error;
	/* The clock may have been set back. */
	if (now_ms <= live->before_ms)
		live->before_ms = now_ms - 1;
	add_row(live, now, now_ms);
	live->before_ms = now_ms;
	if (has_pages)
		take_view(live);
	return 0;
}
