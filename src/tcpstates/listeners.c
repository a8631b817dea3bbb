/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/listeners.h"

#include "os/clock.h"
#include "os/message.h"
#include "os/netns.h"
#include "output/listener.h"
#include "output/table.h"
#include "probe/snapshot.h"

enum {
	ANSWER_NONE = 0,
	ANSWER_OVERFLOW = 1,
	ANSWER_UNKNOWN = 3
};

void listing_report_unjudged(uint32_t unjudged)
{
	if (unjudged)
		message(unjudged == 1 ? "%u listener may be in scope: its owner is unknown"
				      : "%u listeners may be in scope: their owners are unknown",
			unjudged);
}

/*
 * Whether the row answers --once with yes. Without --interval, the question is about all the time since the listener
 * began; with it, about the interval.
 */
static bool overflows(const struct listing *listing, const struct listener_row *row)
{
	return row->overflow >= (listing->options->interval_ns ? LISTENER_FULL : LISTENER_PAST);
}

int listing_take(struct listing *listing, const struct probe *probe, struct printer *printer, bool is_last)
{
	struct netns_omissions omissions = {};
	bool is_first = !listing->tables;
	int error;

	if (listing_waits(listing))
		return 0;
	listing->tables++;
	clock_refresh(&printer->base);
	error = listeners_take(probe, clock_monotonic_ns(), &listing->table, &listing->unjudged, &omissions);
	listing->next = 0;
	listing->header_due = true;
	listing->is_cut_short = is_last;
	if (listing->options->once && listing->options->interval_ns && is_first) {
		listing->next = listing->table.count;
		listing->header_due = false;
	}
	for (size_t i = listing->next; i < listing->table.count; i++)
		listing->overflowed |= overflows(listing, &listing->table.rows[i]);
	listing->incomplete =
		probe->misses_older_sockets || probe->wants.scope->no_pid_exists || netns_is_partial(&omissions);
	if (is_first && (listing->verbose || netns_is_partial(&omissions)))
		netns_report(&omissions, "listeners there are not shown");
	/* --once reports them with its answer. */
	if (!listing->options->once && !listing->has_unjudged)
		listing_report_unjudged(listing->unjudged);
	listing->has_unjudged |= listing->unjudged;
	return error;
}

static void note_line(struct listing *listing, bool is_row)
{
	uint64_t bit = 1ULL << listing->line % 64, *word = &listing->rows[listing->line / 64 % (LISTING_LINES / 64)];

	*word = is_row ? *word | bit : *word & ~bit;
	listing->line++;
}

static void print_table_header(struct listing *listing, struct printer *printer)
{
	const struct tcpstates_options *options = printer->options;
	struct strbuf *out = &printer->sink->buffer;

	listing->header_due = false;
	if (options->format != OUTPUT_TEXT)
		return;
	if (listing->line) {
		strbuf_append_char(out, '\n');
		note_line(listing, false);
	}
	table_header(out, &options->columns, options->style);
	note_line(listing, false);
}

static void print_listener(struct printer *printer, const struct listener_row *row)
{
	const struct tcpstates_options *options = printer->options;
	const struct names *names = print_find_names(printer, &row->now.socket);
	struct strbuf *out = &printer->sink->buffer;

	switch (options->format) {
	case OUTPUT_TEXT:
		listener_text(out, &options->columns, options->style, row, names, &printer->base);
		break;
	case OUTPUT_CSV:
		listener_csv(out, &options->columns, row, names, &printer->base);
		break;
	case OUTPUT_JSON:
		listener_json(out, row, &printer->base);
		print_finish_object(printer, names);
		break;
	}
	printer->sink->rows++;
}

void listing_print(struct listing *listing, struct printer *printer)
{
	while (listing_waits(listing) && print_has_room(printer)) {
		const struct listener_row *row = &listing->table.rows[listing->next];

		if (printer->discarding || printer->sink->error) {
			printer->discarded += listing->table.count - listing->next;
			listing->next = listing->table.count;
			listing->header_due = false;
			return;
		}
		if (listing->header_due) {
			print_table_header(listing, printer);
			continue;
		}
		print_listener(printer, row);
		note_line(listing, true);
		listing->next++;
	}
}

bool listing_is_decided(const struct listing *listing)
{
	unsigned int needed = listing->options->interval_ns ? 2 : 1;

	return listing->options->once && listing->tables >= needed;
}

int listing_answer(const struct listing *listing, bool missed)
{
	if (listing->is_cut_short)
		message("ended before the end of --interval: the table is about a shorter time");
	listing_report_unjudged(listing->unjudged);
	if (listing->overflowed)
		return ANSWER_OVERFLOW;
	return listing->is_cut_short || listing->unjudged || missed || listing->incomplete ? ANSWER_UNKNOWN
											   : ANSWER_NONE;
}

uint64_t listing_unwritten(const struct listing *listing, uint64_t lines)
{
	uint64_t count = 0;

	for (size_t line = listing->line; line > 0 && lines > 0; lines--) {
		line--;
		count += listing->rows[line / 64 % (LISTING_LINES / 64)] >> line % 64 & 1;
	}
	return count;
}

void listing_close(struct listing *listing)
{
	listener_table_close(&listing->table);
}
