/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/print.h"

#include "os/clock.h"
#include "output/connection.h"
#include "output/csv.h"
#include "output/journal.h"
#include "output/json.h"
#include "output/retransmission.h"
#include "output/stuck.h"
#include "output/summary.h"
#include "output/table.h"

#include <errno.h>

/* Adds the members to a JSON object that only some options ask for. `names` may be NULL. */
static void finish_object(struct printer *printer, const struct names *names)
{
	if (names)
		json_add_names(&printer->sink->buffer, names);
	if (printer->host)
		json_add_host(&printer->sink->buffer, printer->host);
}

static void print_connection(struct printer *printer, const struct connection *connection, const struct names *names)
{
	const struct tcpstates_options *options = printer->options;
	const struct connection_line line = {.connection = connection, .names = names, .base = &printer->base};
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
		finish_object(printer, names);
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
		finish_object(printer, names);
		break;
	}
	printer->sink->rows++;
}

void print_header(struct printer *printer)
{
	const struct tcpstates_options *options = printer->options;
	struct strbuf *out = &printer->sink->buffer;

	if (options->summary && options->format == OUTPUT_CSV)
		summary_csv_header(out);
	else if (!options->summary && options->format == OUTPUT_TEXT)
		table_header(out, &options->columns, options->style);
	else if (!options->summary && options->format == OUTPUT_CSV)
		csv_header(out, &options->columns);
	sink_keep_header(printer->sink);
}

static void print_row(struct printer *printer, const struct transition *event, const struct names *names)
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
		finish_object(printer, names);
		break;
	}
	printer->sink->rows++;
}

/* Returns true also after an error or with `discarding`, because no room is needed then. */
static bool has_room(struct printer *printer)
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
	if (options->connections)
		return sizeof(struct connection);
	return options->retransmits ? sizeof(struct retransmission) : sizeof(struct transition);
}

int print_record(void *context, const void *record, size_t size)
{
	struct printer *printer = context;
	const struct transition *event = record; /* each kind of record begins with a transition */
	const struct names *names = NULL;

	if (size != record_size(printer->options) || (event->ip_version != 4 && event->ip_version != 6)) {
		printer->undecoded++;
		return 0;
	}
	if (!has_room(printer))
		return -EAGAIN;
	if (printer->discarding || printer->sink->error) {
		printer->discarded++;
		return 0;
	}
	if (!printer->base.first_ns)
		printer->base.first_ns = event->time_ns;
	if (printer->options->app.names || resolver_has_zone(event))
		names = resolver_names(printer->resolver, event);
	if (printer->options->connections)
		print_connection(printer, record, names);
	else if (printer->options->retransmits)
		print_retransmission(printer, record, names);
	else
		print_row(printer, event, names);
	if (printer->options->journal && journal_transition(event, names, &printer->base))
		printer->unjournaled++;
	return 0;
}

int64_t print_drain(struct printer *printer, struct rings *rings)
{
	int64_t taken;

	clock_refresh(&printer->base);
	taken = rings_drain(rings, print_record, printer);
	/* A clock change that is found later must not apply to these records. */
	clock_refresh(&printer->base);
	return taken;
}
