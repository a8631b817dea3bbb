/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpvitals-exporter/groups.h"

#include "probe/samples.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int groups_open(const struct labels *labels, struct probe *probe, struct resolver *resolver, size_t places,
		struct groups *ret)
{
	size_t count = samples_are_grouped(&probe->wants.samples) ? probe->wants.samples.max_keys + 1 : 1;

	*ret = (struct groups){
		.labels = labels,
		.probe = probe,
		.resolver = resolver,
		.count = count,
		.known = calloc(count, sizeof(struct known_group)),
		.sets = calloc(count + 1, sizeof(struct label_set)),
	};
	if (series_open(count, GROUP_METRICS_WORDS, places, &ret->series) || !ret->known || !ret->sets)
		return -ENOMEM;
	return 0;
}

void groups_close(struct groups *groups)
{
	series_close(&groups->series);
	free(groups->known);
	free(groups->sets);
	*groups = (struct groups){};
}

static void write_values(const struct groups *groups, const struct group_key *key, struct label_text values[LABELS_MAX])
{
	const struct names *names = resolver_group(groups->resolver, &groups->labels->grouping, key);

	memset(values, 0, LABELS_MAX * sizeof(*values));
	for (size_t i = 0; i < groups->labels->count; i++) {
		struct strbuf out = strbuf_over(values[i].bytes, sizeof(values[i].bytes));

		label_write(&out, groups->labels, i, key, names);
		values[i].length = out.length;
	}
}

/* Returns the index of the set with these values, a new one if there is none, or of the last one if there is no room.
 */
static uint32_t find_set(struct groups *groups, const struct label_text values[LABELS_MAX])
{
	uint32_t found = (uint32_t)groups->count;

	for (uint32_t i = 0; i < groups->count; i++) {
		struct label_set *set = &groups->sets[i];

		if (set->is_used && !memcmp(set->values, values, sizeof(set->values)))
			return i;
		if (!set->is_used)
			found = i;
	}
	if (found == groups->count)
		return found;
	memset(&groups->sets[found], 0, sizeof(*groups->sets));
	groups->sets[found].is_used = true;
	memcpy(groups->sets[found].values, values, sizeof(groups->sets[found].values));
	return found;
}

static void learn_group(struct groups *groups, const struct group_key *key, uint32_t number)
{
	struct label_text values[LABELS_MAX];
	struct known_group *group = &groups->known[number];

	write_values(groups, key, values);
	*group = (struct known_group){.is_known = true, .key = *key};
	group->set = find_set(groups, values);
	group->next = groups->sets[group->set].first;
	groups->sets[group->set].first = number;
}

static int learn_groups(struct groups *groups)
{
	const struct group_key *last = NULL;
	struct group_key key;
	uint32_t number;
	int error;

	while (!(error = samples_next_group(groups->probe, last, &key, &number))) {
		if (number < groups->count && !groups->known[number].is_known)
			learn_group(groups, &key, number);
		last = &key;
	}
	return error == -ENOENT ? 0 : error;
}

static uint64_t sum(const __u64 *counters, size_t count)
{
	uint64_t total = 0;

	for (size_t i = 0; i < count; i++)
		total += counters[i];
	return total;
}

/* Grows with everything that happens in the group. */
static uint64_t weight_of(const struct group_metrics *group)
{
	return sum(group->opened, ROLES) + sum(&group->closed[0][0], ROLES * CAUSES) + group->sent_segments +
	       group->received_segments + group->resets_sent + sum(group->rtt.slots, TIME_SLOTS);
}

/* Differs whenever a counter differs: the group is not idle. */
static uint64_t change_of(const struct group_metrics *group)
{
	return sum((const __u64 *)group, GROUP_METRICS_WORDS);
}

static void add(uint64_t to[GROUP_METRICS_WORDS], const struct group_metrics *more)
{
	const uint64_t *words = (const uint64_t *)more;

	for (size_t i = 0; i < GROUP_METRICS_WORDS; i++)
		to[i] += words[i];
}

/*
 * Ends a group in which nothing has happened for long. Until the next walk has looked up every connection again, some
 * may still count in it.
 */
static void end_if_idle(struct groups *groups, struct known_group *group, uint64_t weight, uint64_t now_ns,
			uint32_t walks)
{
	group->idle++;
	if (weight != group->weight || !group->changed_ns) {
		group->weight = weight;
		group->changed_ns = now_ns;
		group->idle = 0;
	}
	if (!group->ended_at && group->idle >= SERIES_IDLE_READINGS && now_ns - group->changed_ns >= SERIES_IDLE_NS &&
	    !metrics_end_group(groups->probe, &group->key)) {
		group->ended_at = walks;
		groups->has_ended = true;
	}
}

/* Adds up the groups of a set. Groups that have ended a whole walk ago leave the set. */
static int read_set(struct groups *groups, struct label_set *set, uint64_t now_ns, uint32_t walks, uint64_t *ret_weight)
{
	uint32_t *link = &set->first;

	memcpy(groups->counters, set->ended, sizeof(groups->counters));
	while (*link) {
		struct known_group *group = &groups->known[*link];
		const struct group_metrics *reading = metrics_read_group(groups->probe, *link);

		if (!reading)
			return -EIO;
		add(groups->counters, reading);
		if (group->ended_at && walks > group->ended_at + 1) {
			uint32_t number = *link;

			add(set->ended, reading);
			*link = group->next;
			*group = (struct known_group){};
			metrics_free_number(groups->probe, number);
			continue;
		}
		end_if_idle(groups, group, change_of(reading), now_ns, walks);
		link = &group->next;
	}
	*ret_weight = weight_of((const struct group_metrics *)groups->counters);
	return 0;
}

int groups_read(struct groups *groups, uint64_t now_ns, uint32_t walks)
{
	int error = samples_are_grouped(&groups->probe->wants.samples) ? learn_groups(groups) : 0;

	series_begin(&groups->series, now_ns);
	for (size_t i = 0; i < groups->count && !error; i++) {
		struct label_set *set = &groups->sets[i];
		uint64_t weight;

		if (!set->is_used)
			continue;
		error = read_set(groups, set, now_ns, walks, &weight);
		if (error)
			return error;
		series_count(&groups->series, i, groups->counters, weight);
		if (!set->first && series_is_idle(&groups->series, i)) {
			series_end(&groups->series, i, groups->counters);
			set->is_used = false;
		}
	}
	if (!error) {
		uint64_t weight;

		error = read_set(groups, &groups->sets[groups->count], now_ns, walks, &weight);
		memcpy(groups->unplaced, groups->counters, sizeof(groups->unplaced));
	}
	if (groups->has_ended)
		metrics_new_epoch(groups->probe);
	groups->has_ended = false;
	if (!error)
		series_choose(&groups->series);
	return error;
}

void groups_sum(const struct groups *groups, size_t set, struct group_metrics *ret)
{
	series_read(&groups->series, set, (uint64_t *)ret);
}

void groups_sum_other(struct groups *groups, struct group_metrics *ret)
{
	const struct group_metrics *other = metrics_read_group(groups->probe, GROUP_OTHER);

	series_read_other(&groups->series, (uint64_t *)ret);
	add((uint64_t *)ret, (const struct group_metrics *)groups->unplaced);
	if (other)
		add((uint64_t *)ret, other);
}

int groups_total(struct groups *groups, struct group_metrics *ret)
{
	int error = samples_are_grouped(&groups->probe->wants.samples) ? learn_groups(groups) : 0;

	if (error)
		return error;
	memcpy(ret, groups->series.ended, sizeof(*ret));
	add((uint64_t *)ret, (const struct group_metrics *)groups->sets[groups->count].ended);
	for (uint32_t i = 0; i < groups->count; i++) {
		const struct group_metrics *reading =
			i == GROUP_OTHER || groups->known[i].is_known ? metrics_read_group(groups->probe, i) : NULL;

		if (groups->sets[i].is_used)
			add((uint64_t *)ret, (const struct group_metrics *)groups->sets[i].ended);
		if (reading)
			add((uint64_t *)ret, reading);
	}
	return 0;
}

uint64_t groups_ungrouped(const struct groups *groups)
{
	const struct group_metrics *other = metrics_read_group(groups->probe, GROUP_OTHER);

	return other && samples_are_grouped(&groups->probe->wants.samples) ? sum(other->opened, ROLES) : 0;
}

size_t groups_in_other(const struct groups *groups)
{
	size_t hidden = 0;

	for (size_t i = 0; i < groups->count; i++)
		hidden += groups->sets[i].is_used && !series_is_shown(&groups->series, i);
	return hidden;
}
