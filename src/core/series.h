/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Chooses the groups that are shown one by one, and adds up the others in the group "other", so that neither a group
 * nor a sum ever falls.
 *
 * A group has `words` counters, which only grow. The counts of a group go to its own series while it is shown, and to
 * "other" otherwise, for good: when a group is shown later than at its first reading, its series begins at zero, and
 * the counts until then stay in "other". When it is no longer shown, "other" gets the counts of its series. So at each
 * moment the sum over all series is the sum of all counters.
 *
 * Each reading is: series_begin(), series_count() for each group, series_choose(). Then the values can be asked for.
 */
#ifndef TCPVITALS_CORE_SERIES_H
#define TCPVITALS_CORE_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A series without a change ends when it was read so often and has not changed for so long. */
#define SERIES_IDLE_READINGS 2
#define SERIES_IDLE_NS       (300ULL * 1000000000ULL)

struct series {
	uint64_t changed_ns;   /* time of the last reading with a change */
	unsigned int idle;     /* readings since then */
	unsigned int readings; /* 0: the number is free */
	uint64_t weight;       /* at the last reading */
	uint64_t growth;       /* of the weight in one reading: FADE times the mean over about the last FADE readings */
	bool is_shown;
};

struct series_table {
	size_t groups, words, places; /* as given to series_open() */
	struct series *series;        /* one for each group */
	uint64_t *counters;           /* of each group, at the last reading */
	uint64_t *before;             /* of each group: counts that belong to "other" */
	uint64_t *ended;              /* counts of groups that have ended */
	size_t shown;
	uint64_t now_ns;
};

/*
 * `groups`: number of groups, which are numbered from 0. `places`: the most groups that are shown. Returns 0 or
 * -ENOMEM. Call series_close() in both cases.
 */
int series_open(size_t groups, size_t words, size_t places, struct series_table *ret);
void series_close(struct series_table *table);

void series_begin(struct series_table *table, uint64_t now_ns);

/*
 * `counters` are the group's at this reading. `weight` grows with its importance: the groups whose weight grows most
 * are shown.
 */
void series_count(struct series_table *table, size_t group, const uint64_t *counters, uint64_t weight);

/*
 * Decides which groups are shown. A group takes a free place, or that of a group that has grown less than half as fast
 * over the last readings: neither two that are alike nor two that grow alternately push each other out.
 */
void series_choose(struct series_table *table);

/* Sets the most groups that are shown, now and later. */
void series_limit(struct series_table *table, size_t places);

bool series_is_shown(const struct series_table *table, size_t group);

/* Whether nothing has happened in the group for long: end it and give its number to another one. */
bool series_is_idle(const struct series_table *table, size_t group);

/* The group's number is free. `counters` are its last ones. */
void series_end(struct series_table *table, size_t group, const uint64_t *counters);

/* The values of the series of a group that is shown, and of "other". */
void series_read(const struct series_table *table, size_t group, uint64_t *ret);
void series_read_other(const struct series_table *table, uint64_t *ret);

#endif
