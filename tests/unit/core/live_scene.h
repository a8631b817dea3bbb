/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A view of six connections, which passes a second apart find. */
#ifndef TCPVITALS_TESTS_LIVE_SCENE_H
#define TCPVITALS_TESTS_LIVE_SCENE_H

#include "core/live_view.h"

#include "live_records.h"

#define RECORDS 6

static struct live live;
static struct live_view view;
static struct connection records[RECORDS];
static uint64_t bytes[RECORDS];
static unsigned int now;

static inline int setup(void **state)
{
	(void)state;
	assert_int_equal(live_open(&live), 0);
	view = (struct live_view){.sort = LIVE_COLUMN_IN};
	now = 1;
	for (unsigned int i = 0; i < RECORDS; i++) {
		records[i] = live_record(i, 1);
		records[i].life.is_old = 1;
		bytes[i] = 0;
	}
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	live_view_close(&view);
	live_close(&live);
	return 0;
}

static inline void arrange(void)
{
	assert_int_equal(live_view_arrange(&view, &live, now * SECOND), 0);
}

/* A pass a second later, in which connection I has received rates[I] bytes. */
static inline void pass(const uint64_t rates[RECORDS])
{
	now++;
	for (unsigned int i = 0; i < RECORDS; i++) {
		records[i].end.time_ns = now * SECOND;
		records[i].bytes_received = bytes[i] += rates ? rates[i] : 0;
	}
	live_pass(&live, now, records, RECORDS);
	arrange();
}

static inline void sort_by(enum live_column column, bool reverse)
{
	view.sort = column;
	view.is_reversed = reverse;
	arrange();
}

#endif
