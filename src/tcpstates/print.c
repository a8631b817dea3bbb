/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/print.h"

#include "output/csv.h"
#include "output/journal.h"
#include "output/json.h"
#include "output/table.h"

#include <errno.h>

void print_header(struct printer *printer)
{
	const struct tcpstates_options *options = printer->options;

	if (options->format == OUTPUT_TEXT)
		table_header(&printer->sink->buffer, &options->columns, options->style);
	else if (options->format == OUTPUT_CSV)
		csv_header(&printer->sink->buffer, &options->columns);
}

static void print_row(struct printer *printer, const struct transition *event)
{
	const struct tcpstates_options *options = printer->options;
	struct strbuf *out = &printer->sink->buffer;

	switch (options->format) {
	case OUTPUT_TEXT:
		table_row(out, &options->columns, options->style, event, &printer->base);
		break;
	case OUTPUT_CSV:
		csv_row(out, &options->columns, event, &printer->base);
		break;
	case OUTPUT_JSON:
		json_transition(out, event, &printer->base);
		break;
	}
	printer->sink->rows++;
}

/* True also when there will never be any. */
static bool has_room(struct printer *printer)
{
	if (printer->discarding)
		return true;
	if (!sink_room(printer->sink, ROW_TEXT_MAX))
		return printer->sink->error;
	return !printer->options->journal || journal_is_ready(printer->journal_fd);
}

int print_record(void *context, const void *record, size_t size)
{
	struct printer *printer = context;
	const struct transition *event = record;

	if (size != sizeof(*event) || (event->ip_version != 4 && event->ip_version != 6)) {
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
	print_row(printer, event);
	if (printer->options->journal && journal_transition(event, &printer->base))
		printer->unjournaled++;
	return 0;
}
