/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The metrics of groups of connections. */
#include "core/cause.h"
#include "core/role.h"
#include "tcpvitals-exporter/writer.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Counters of a group, side by side, each with its own value of one label. */
struct grouped {
	enum metric_id id;
	size_t offset; /* in struct group_metrics */
	const char *label;
	const char *values[3];
};

#define COUNTER(id, member)                                                                                            \
	{                                                                                                              \
		id, offsetof(struct group_metrics, member), NULL,                                                      \
		{                                                                                                      \
			""                                                                                             \
		}                                                                                                      \
	}

static const struct grouped grouped[] = {
	COUNTER(METRIC_SENT_BYTES, sent_bytes),
	COUNTER(METRIC_RECEIVED_BYTES, received_bytes),
	COUNTER(METRIC_SENT_SEGMENTS, sent_segments),
	COUNTER(METRIC_RECEIVED_SEGMENTS, received_segments),
	{METRIC_RETRANSMITTED_SEGMENTS,
	 offsetof(struct group_metrics, retransmitted),
	 "kind",
	 {"fast", "timeout", "tail_loss_probe"}},
	{METRIC_HANDSHAKE_RETRANSMISSIONS,
	 offsetof(struct group_metrics, syn_retransmitted),
	 "kind",
	 {"syn", "syn_ack"}},
	COUNTER(METRIC_RESETS_SENT, resets_sent),
	COUNTER(METRIC_RESETS_RECEIVED, resets_received),
	{METRIC_LIMITED, offsetof(struct group_metrics, limited_ns), "by", {"receiver", "send_buffer", "application"}},
};

_Static_assert(offsetof(struct group_metrics, syn_ack_retransmitted) ==
		       offsetof(struct group_metrics, syn_retransmitted) + sizeof(uint64_t),
	       "the two counters are side by side");

typedef void write_group(struct writer *writer, const void *what);

/*
 * Sets the labels of a group behind the `fixed` ones. `set` is NULL for "other". A metric that has the role as a fixed
 * label does not get it twice.
 */
static void set_group_labels(struct writer *writer, size_t fixed, const struct label_set *set)
{
	const struct labels *labels = writer->collect->groups.labels;
	bool has_role = strncmp(writer->exposition->metric->labels, "role", 4) == 0;

	writer->role = NULL;
	writer->count = fixed;
	for (size_t k = 0; k < labels->count; k++) {
		struct metric_label *label = &writer->labels[writer->count];

		if (has_role && labels->kinds[k] == LABEL_ROLE) {
			writer->role = set ? set->values[k].bytes : "other";
			continue;
		}
		writer_set_label(writer, writer->count++, label_name(labels->kinds[k]), "other");
		if (set) {
			label->value = set->values[k].bytes;
			label->length = set->values[k].length;
		}
	}
}

/* Calls `write` for each group that is shown, and for "other", with its sums and labels. */
static void for_each_group(struct writer *writer, size_t fixed, write_group *write, const void *what)
{
	struct groups *groups = &writer->collect->groups;

	for (size_t i = 0; i < groups->count; i++) {
		if (!groups->sets[i].is_used || !series_is_shown(&groups->series, i))
			continue;
		set_group_labels(writer, fixed, &groups->sets[i]);
		groups_sum(groups, i, &writer->sum);
		write(writer, what);
	}
	set_group_labels(writer, fixed, NULL);
	groups_sum_other(groups, &writer->sum);
	write(writer, what);
}

static void write_counters(struct writer *writer, const void *what)
{
	const struct grouped *counter = what;
	const uint64_t *counters = (const uint64_t *)((const char *)&writer->sum + counter->offset);

	for (size_t i = 0; i < 3 && counter->values[i]; i++) {
		if (counter->label)
			writer_set_label(writer, 0, counter->label, counter->values[i]);
		writer_add(writer, counters[i]);
	}
}

/* Writes a counter of each role. Where the role is a label of the groups, a group has one role, and gets the sum. */
static void add_by_role(struct writer *writer, const __u64 counters[ROLES])
{
	uint64_t total = 0;

	for (enum connection_role role = 0; role < ROLES; role++) {
		total += counters[role];
		if (writer->role || !counters[role])
			continue;
		writer_set_label(writer, 0, "role", role_name(role));
		writer_add(writer, counters[role]);
	}
	if (!writer->role || !total)
		return;
	writer_set_label(writer, 0, "role", writer->role);
	writer_add(writer, total);
}

static void write_opened(struct writer *writer, const void *what)
{
	(void)what;
	add_by_role(writer, writer->sum.opened);
}

static void write_closed(struct writer *writer, const void *what)
{
	(void)what;
	for (enum cause cause = CAUSE_UNKNOWN; cause < CAUSES; cause++) {
		__u64 counters[ROLES];

		for (enum connection_role role = 0; role < ROLES; role++)
			counters[role] = writer->sum.closed[role][cause];
		writer_set_label(writer, 1, "cause", cause_name(cause));
		add_by_role(writer, counters);
	}
}

static void write_rtt(struct writer *writer, const void *what)
{
	(void)what;
	if (time_histogram_count(&writer->sum.rtt))
		exposition_add_histogram(writer->exposition, writer->labels, writer->count, &writer->sum.rtt);
}

void write_groups(struct writer *writer)
{
	writer_begin(writer, METRIC_CONNECTIONS_OPENED);
	for_each_group(writer, 1, write_opened, NULL);
	writer_end(writer);
	writer_begin(writer, METRIC_CONNECTIONS_CLOSED);
	for_each_group(writer, 2, write_closed, NULL);
	writer_end(writer);
	writer_begin(writer, METRIC_RTT);
	for_each_group(writer, 0, write_rtt, NULL);
	writer_end(writer);
	for (size_t i = 0; i < sizeof(grouped) / sizeof(grouped[0]); i++) {
		writer_begin(writer, grouped[i].id);
		for_each_group(writer, grouped[i].label ? 1 : 0, write_counters, &grouped[i]);
		writer_end(writer);
	}
}
