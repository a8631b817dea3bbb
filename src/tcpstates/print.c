/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/print.h"

#include "os/clock.h"
#include "os/message.h"
#include "output/connection.h"
#include "output/csv.h"
#include "output/journal.h"
#include "output/json.h"
#include "output/retransmission.h"
#include "output/stuck.h"
#include "output/sum.h"
#include "output/summary.h"
#include "output/table.h"
#include "tcpstates/sums.h"

#include <errno.h>
#include <string.h>

int print_open_journal(struct printer *printer)
{
	int error = journal_open(&printer->journal_fd);

	if (error)
		message("cannot write to the journal: %s",
			error == -EOPNOTSUPP ? "this build has no libsystemd; build with libsystemd-dev installed"
			: error == -ENOENT   ? "systemd-journald is not running; leave -Y out"
					     : strerror(-error));
	return error;
}

void print_finish_object(struct printer *printer, const struct names *names)
{
	if (names)
		json_add_names(&printer->sink->buffer, names);
	if (printer->host)
		json_add_host(&printer->sink->buffer, printer->host);
}

/* Prints the record of a connection, or a part that began at `from_ns`. */
static void print_line(struct printer *printer, const struct connection *connection, uint64_t from_ns,
		       const struct names *names)
{
	const struct tcpstates_options *options = printer->options;
	const struct connection_line line = {
		.connection = connection, .from_ns = from_ns, .names = names, .base = &printer->base};
	struct strbuf *out = &printer->sink->buffer;

	switch (options->format) {
	case OUTPUT_TEXT:
		connection_text(out, &options->columns, options->style, &line);
		break;
	case OUTPUT_CSV:
		connection_csv(out, &options->columns, &line);
		break;
	case OUTPUT_JSON:
		connection_json(out, &line);
		print_finish_object(printer, names);
		break;
	}
	printer->sink->rows++;
}

static void print_retransmission(struct printer *printer, const struct retransmission *retransmission,
				 const struct names *names)
{
	const struct tcpstates_options *options = printer->options;
	struct strbuf *out = &printer->sink->buffer;

	switch (options->format) {
	case OUTPUT_TEXT:
		retransmission_text(out, &options->columns, options->style, retransmission, names, &printer->base);
		break;
	case OUTPUT_CSV:
		retransmission_csv(out, &options->columns, retransmission, names, &printer->base);
		break;
	case OUTPUT_JSON:
		retransmission_json(out, retransmission, &printer->base);
		print_finish_object(printer, names);
		break;
	}
	printer->sink->rows++;
}

void print_header(struct printer *printer)
{
	const struct tcpstates_options *options = printer->options;
	struct strbuf *out = &printer->sink->buffer;

	if (printer->sums && options->format == OUTPUT_CSV)
		sum_csv_header(out);
	else if (printer->sums)
		; /* text has one in each interval */
	else if (options->summary && options->format == OUTPUT_CSV)
		summary_csv_header(out);
	else if (!options->summary && !options->listeners.wanted && options->format == OUTPUT_TEXT)
		table_header(out, &options->columns, options->style);
	else if (!options->summary && options->format == OUTPUT_CSV)
		csv_header(out, &options->columns);
	sink_keep_header(printer->sink);
}

/* Inline: a call of its own takes 16 of a row's 1,200 instructions. */
__attribute__((always_inline)) static inline void print_row(struct printer *printer, const struct transition *event,
							    const struct names *names)
{
	const struct tcpstates_options *options = printer->options;
	struct strbuf *out = &printer->sink->buffer;

	switch (options->format) {
	case OUTPUT_TEXT:
		table_row(out, &options->columns, options->style, event, names, &printer->base);
		break;
	case OUTPUT_CSV:
		csv_row(out, &options->columns, event, names, &printer->base);
		break;
	case OUTPUT_JSON:
		if (options->stuck.states)
			stuck_json(out, event, &printer->base);
		else
			json_transition(out, event, &printer->base);
		print_finish_object(printer, names);
		break;
	}
	printer->sink->rows++;
}

bool print_has_room(struct printer *printer)
{
	size_t size =
		ROW_TEXT_MAX + (printer->options->app.names ? ROW_NAMES_MAX : 0) + (printer->host ? JSON_HOST_MAX : 0);

	if (printer->discarding)
		return true;
	if (!sink_room(printer->sink, size))
		return printer->sink->error;
	return !printer->options->journal || journal_is_ready(printer->journal_fd);
}

static size_t record_size(const struct tcpstates_options *options)
{
	if (options->connections || sums_are_wanted(options))
		return sizeof(struct connection);
	return options->retransmits ? sizeof(struct retransmission) : sizeof(struct transition);
}

const struct names *print_find_names(struct printer *printer, const struct transition *event)
{
	if (!printer->base.first_ns)
		printer->base.first_ns = event->time_ns;
	if (!printer->options->app.names && !resolver_has_zone(event))
		return NULL;
	return resolver_names(printer->resolver, event);
}

void print_given(struct printer *printer, const struct transition *record, uint64_t from_ns, const struct names *names)
{
	const void *whole = record; /* each kind of record begins with a transition */

	if (!printer->base.first_ns)
		printer->base.first_ns = record->time_ns;
	if (printer->options->connections)
		print_line(printer, whole, from_ns, names);
	else if (printer->options->retransmits)
		print_retransmission(printer, whole, names);
	else
		print_row(printer, record, names);
}

/*
 * Prints an open connection's part; or a connection's end, behind its last part if there were parts. Returns 0, or
 * -EAGAIN after the last part: when the record comes again, only the end is left.
 */
static int print_connection(struct printer *printer, const struct connection *connection, const struct names *names)
{
	struct parts *parts = printer->parts;
	struct part part;

	if (connection->end.flags & TRANSITION_SCAN) {
		/* Without memory, the connection is as before: its next part is longer. */
		if (!part_take(&parts->table, connection, &part))
			print_line(printer, &part.change, part.from_ns, names);
		return 0;
	}
	if (parts && part_take_last(&parts->table, connection, &part)) {
		print_line(printer, &part.change, part.from_ns, names);
		return print_record(printer, connection, sizeof(*connection));
	}
	print_line(printer, connection, 0, names);
	return 0;
}

/* The printer has sums. They need no room. */
static int sum_record(struct printer *printer, const struct connection *connection)
{
	if (printer->discarding)
		printer->discarded++;
	else
		sums_add_end(printer->sums, connection);
	return 0;
}

int print_record(void *context, const void *record, size_t size)
{
	struct printer *printer = context;
	const struct transition *event = record; /* each kind of record begins with a transition */
	const struct names *names;

	if (size != record_size(printer->options) || (event->ip_version != 4 && event->ip_version != 6)) {
		printer->undecoded++;
		return 0;
	}
	if (printer->sums)
		return sum_record(printer, record);
	if (!print_has_room(printer))
		return -EAGAIN;
	if (printer->discarding || printer->sink->error) {
		printer->discarded++;
		return 0;
	}
	names = print_find_names(printer, event);
	if (printer->options->connections)
		return print_connection(printer, record, names);
	if (printer->options->retransmits)
		print_retransmission(printer, record, names);
	else
		print_row(printer, event, names);
	if (printer->options->journal && journal_transition(event, names, &printer->base))
		printer->unjournaled++;
	return 0;
}

/* Prints the records of --every that wait. Returns whether that is done. */
static bool print_waiting(struct printer *printer, struct rings *rings)
{
	const struct connection *record;

	while (printer->parts && (record = connection_queue_first(&printer->parts->waiting))) {
		if (print_record(printer, record, sizeof(*record)))
			return false;
		connection_queue_drop(&printer->parts->waiting);
		/* Many rows take a while. */
		parts_relieve(printer->parts, rings);
	}
	return true;
}

int64_t print_drain(struct printer *printer, struct rings *rings)
{
	int64_t taken = -EAGAIN;

	clock_refresh(&printer->base);
	if (printer->sums)
		sums_print(printer->sums);
	if (print_waiting(printer, rings))
		taken = rings_drain(rings, print_record, printer);
	/* A clock change that is found later must not apply to these records. */
	clock_refresh(&printer->base);
	return taken;
}

bool print_has_all(const struct printer *printer, const struct rings *rings)
{
	return !rings_pending(rings) && (!printer->parts || !connection_queue_first(&printer->parts->waiting)) &&
	       (!printer->sums || !printer->sums->is_due);
}
