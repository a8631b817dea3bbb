/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/sums.h"

#include "os/netns.h"
#include "os/port_range.h"
#include "output/sum.h"
#include "probe/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct sum_options *options_of(const struct sums *sums)
{
	return &sums->printer->options->sum;
}

int sums_open(struct printer *printer, struct probe *probe, uint64_t now_ns, struct sums *sums)
{
	const struct labels *labels = &printer->options->sum.groups;
	struct port_range range;

	*sums = (struct sums){.printer = printer, .probe = probe, .start_ns = now_ns, .since_ns = now_ns};
	sums->cover.unit = "connection";
	printer->sums = sums;
	if (port_range_read(&range))
		range = (struct port_range){};
	sums->settings = group_settings_of(&labels->grouping, range.first, range.last);
	return sum_open(GROUP_TABLE_MAX, labels_named_part(labels), printer->options->summary, &sums->table);
}

void sums_close(struct sums *sums)
{
	sum_close(&sums->table);
	part_table_close(&sums->parts);
	sum_rows_close(&sums->rows);
	cover_close(&sums->cover);
	connection_queue_close(&sums->waiting);
}

/* Looks up the names of a new group, and makes it. Returns NULL without memory. */
static struct sum_group *make_group(struct sums *sums, const struct group_key *key)
{
	const struct labels *labels = &options_of(sums)->groups;
	char text[LABELS_RAW_MAX];
	struct strbuf name = strbuf_over(text, sizeof(text));

	labels_join(&name, labels, key, resolver_group(sums->printer->resolver, &labels->grouping, key));
	return sum_make(&sums->table, key, text, name.length);
}

static struct sum_group *group_of(struct sums *sums, const struct connection *connection)
{
	struct group_key key = group_key_of(&sums->settings, connection);
	struct sum_group *group = sum_find(&sums->table, &key);

	if (!group)
		group = make_group(sums, &key);
	if (!group)
		sums->error = -ENOMEM;
	return group;
}

void sums_add_end(struct sums *sums, const struct connection *connection)
{
	struct sum_group *group = group_of(sums, connection);
	struct part part;

	if (!group)
		return;
	if (sums->table.walks)
		part_take_last(&sums->parts, connection, &part);
	else
		part_between(NULL, connection, &part);
	sum_add_end(&sums->table, group, &part);
}

static void add_open(struct sums *sums, struct sum_group *group, const struct connection *connection)
{
	struct part part;
	int error = part_take(&sums->parts, connection, &part);

	if (error)
		sums->error = error;
	else
		sum_add_open(&sums->table, group, &part);
}

/* Keeps a record until the walk is over. */
static int keep(struct sums *sums, const struct connection *connection)
{
	int error = connection_queue_add(&sums->waiting, connection);

	if (error)
		sums->error = error;
	return error;
}

static void visit(void *context, const struct connection *connection)
{
	struct sums *sums = context;
	struct group_key key = group_key_of(&sums->settings, connection);
	struct sum_group *group = sum_find(&sums->table, &key);

	if (group)
		add_open(sums, group, connection);
	else
		keep(sums, connection);
}

static int keep_ended(void *context, const void *record, size_t size)
{
	return size == sizeof(struct connection) ? keep(context, record) : -EAGAIN;
}

/*
 * Called in the middle of a walk. A connection that has ended is not found any more, so nothing of it follows its end.
 */
static void relieve_rings(void *context)
{
	struct sums *sums = context;

	if (rings_quarter_full(&sums->probe->rings))
		rings_drain(&sums->probe->rings, keep_ended, sums);
}

static void add_waiting(struct sums *sums)
{
	const struct connection *connection;

	while ((connection = connection_queue_first(&sums->waiting))) {
		struct sum_group *group;

		if (!(connection->end.flags & TRANSITION_SCAN))
			sums_add_end(sums, connection);
		else if ((group = group_of(sums, connection)))
			add_open(sums, group, connection);
		connection_queue_drop(&sums->waiting);
	}
}

int sums_walk(struct sums *sums)
{
	struct netns_omissions omissions = {};
	int error;

	if (!sums->table.walks)
		return 0;
	print_drain(sums->printer, &sums->probe->rings);
	part_walk_begin(&sums->parts);
	sum_walk_begin(&sums->table);
	sums->probe->pause = relieve_rings;
	sums->probe->pause_context = sums;
	error = snapshot_take(sums->probe, visit, sums, &omissions);
	sums->probe->pause = NULL;
	add_waiting(sums);
	if (!sums->table.has_walked && (sums->printer->options->app.verbose || netns_is_partial(&omissions)))
		netns_report(&omissions, "open connections there are not in the sums");
	sum_walk_end(&sums->table);
	print_drain(sums->printer, &sums->probe->rings);
	return error ? error : sums->error;
}

bool sums_are_almost_over(const struct sums *sums, uint64_t now_ns)
{
	const struct tcpstates_options *options = sums->printer->options;
	uint64_t end_ns = sums->start_ns + options->app.duration_ns;

	return options->app.duration_ns && now_ns + options->interval_ns / 10 >= end_ns;
}

int sums_end_interval(struct sums *sums, uint64_t now_ns)
{
	int error = sum_list(&sums->table, &options_of(sums)->order, &sums->rows);

	if (!error)
		error = cover_begin(&sums->cover, sums->rows.count + 2);
	if (error)
		return error;
	part_walk_end(&sums->parts);
	sum_next_interval(&sums->table);
	sums->next_row = 0;
	sums->is_due = true;
	sums->end_ns = now_ns;
	sums->length_ns = now_ns - sums->since_ns;
	sums->since_ns = now_ns;
	return sums->error;
}

static struct sum_interval interval_of(const struct sums *sums)
{
	const struct tcpstates_options *options = sums->printer->options;

	return (struct sum_interval){
		.labels = &options->sum.groups,
		.end_ns = sums->end_ns,
		.length_ns = sums->length_ns,
		.walks = sums->table.walks,
		.has_totals = options->interval_ns,
		.time = options->time,
	};
}

static void print_row(const struct sums *sums, const struct sum_interval *interval, const struct sum_row *row)
{
	struct printer *printer = sums->printer;
	struct strbuf *out = &printer->sink->buffer;

	switch (printer->options->format) {
	case OUTPUT_TEXT:
		sum_text(out, interval, row, &printer->base);
		break;
	case OUTPUT_CSV:
		sum_csv(out, interval, row, &printer->base);
		break;
	case OUTPUT_JSON:
		sum_json(out, interval, row, &printer->base);
		if (printer->host)
			json_add_host(out, printer->host);
		break;
	}
	printer->sink->rows++;
}

/* Prints the line of column names, or the empty line behind an interval's last row; both are for text only. */
static void print_frame(struct sums *sums, const struct sum_interval *interval, bool is_header)
{
	struct strbuf *out = &sums->printer->sink->buffer;

	if (sums->printer->options->format != OUTPUT_TEXT || (!is_header && !interval->has_totals))
		return;
	if (is_header)
		sum_text_header(out, interval);
	else
		strbuf_append_char(out, '\n');
	cover_line(&sums->cover, 0);
}

bool sums_print(struct sums *sums)
{
	const struct sum_interval interval = interval_of(sums);
	struct sink *sink = sums->printer->sink;

	while (sums->is_due && sink_room(sink, SUM_TEXT_MAX + JSON_HOST_MAX)) {
		const struct sum_row *row = &sums->rows.rows[sums->next_row];

		if (!sums->next_row)
			print_frame(sums, &interval, true);
		if (sums->next_row < sums->rows.count) {
			print_row(sums, &interval, row);
			cover_line(&sums->cover, row->interval.closed);
			sums->next_row++;
		}
		sums->is_due = sums->next_row < sums->rows.count;
		if (!sums->is_due)
			print_frame(sums, &interval, false);
	}
	return sums->is_due;
}

void sums_drop(struct sums *sums)
{
	for (; sums->next_row < sums->rows.count; sums->next_row++)
		sums->cover.dropped += sums->rows.rows[sums->next_row].interval.closed;
	for (size_t i = 0; i < sums->table.names.count; i++)
		sums->cover.dropped += sums->table.groups[i].interval.closed;
	sums->cover.dropped += sums->table.other.interval.closed;
	sum_next_interval(&sums->table);
	sums->is_due = false;
}
