/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/loss.h"

#include <stddef.h>

struct cause {
	const char *name; /* in JSON */
	size_t offset;    /* in struct loss_report */
	const char *one;
	const char *many;
};

#define CAUSE(field, one, many)                                                                                        \
	{                                                                                                              \
#field, offsetof(struct loss_report, field), one, many                                                 \
	}
#define SAME(field, text) CAUSE(field, text, text)

/* Lost events. */
static const struct cause losses[] = {
	SAME(ring_full, "found no room in the ring buffers (try --buffer-size)"),
	SAME(summary_full, "found no room among the counters of --summary"),
	SAME(recursion, "came while the program was busy on that CPU"),
	CAUSE(held_lost, "waited for its local port, and the event with the port was missed",
	      "waited for their local ports, and the events with the ports were missed"),
	SAME(undecoded, "could not be decoded (a bug: please report it)"),
	SAME(unwritten, "could not be written"),
};

#define NO_MEMORY "for lack of memory (raise net.core.optmem_max or --hash-size)"

/* Missed events: their number is unknown, or they are among the lost events. */
static const struct cause omissions[] = {
	CAUSE(gaps, "gap between the states of a socket", "gaps between the states of sockets"),
	CAUSE(unclosed, "socket ended unseen", "sockets ended unseen"),
	CAUSE(untracked, "change of state was missed", "changes of state were missed"),
	CAUSE(unjudged, "change of state could not be filtered " NO_MEMORY,
	      "changes of state could not be filtered " NO_MEMORY),
	CAUSE(unaccepted, "accept was missed: a connection keeps its listener's owner",
	      "accepts were missed: connections keep their listener's owner"),
	CAUSE(unjournaled, "row is not in the journal", "rows are not in the journal"),
	CAUSE(unfollowed, "process of the command was not followed", "processes of the command were not followed"),
};

static const struct cause remarks[] = {
	CAUSE(recovered, "was recorded by the second program", "were recorded by the second program"),
	CAUSE(held, "row was held back: its local port stayed unknown",
	      "rows were held back: their local ports stayed unknown"),
};

static const struct cause impairments[] = {
	CAUSE(storage_full, "row is without owner and duration " NO_MEMORY,
	      "rows are without owner and duration " NO_MEMORY),
	CAUSE(unsampled, "round-trip sample is not in a connection's mean",
	      "round-trip samples are not in their connections' means"),
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static uint64_t count_of(const struct loss_report *report, const struct cause *cause)
{
	return *(const uint64_t *)((const char *)report + cause->offset);
}

static uint64_t sum(const struct loss_report *report, const struct cause *causes, size_t count)
{
	uint64_t total = 0;

	for (size_t i = 0; i < count; i++)
		total += count_of(report, &causes[i]);
	return total;
}

/* Appends the counters that are not 0: "<separator>12 found no room, 3 could not be written". */
static void list(struct strbuf *out, const struct loss_report *report, const struct cause *causes, size_t count,
		 const char *separator)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t number = count_of(report, &causes[i]);

		if (!number)
			continue;
		strbuf_append_string(out, separator);
		strbuf_append_u64(out, number);
		strbuf_append_char(out, ' ');
		strbuf_append_string(out, number == 1 ? causes[i].one : causes[i].many);
		separator = ", ";
	}
}

uint64_t loss_total(const struct loss_report *report)
{
	return sum(report, losses, COUNT(losses));
}

bool loss_impaired(const struct loss_report *report)
{
	return sum(report, omissions, COUNT(omissions)) || sum(report, impairments, COUNT(impairments));
}

bool loss_missed(const struct loss_report *report)
{
	return loss_total(report) || sum(report, omissions, COUNT(omissions));
}

bool loss_grew(const struct loss_report *before, const struct loss_report *now)
{
	return loss_total(now) > loss_total(before) ||
	       sum(now, omissions, COUNT(omissions)) > sum(before, omissions, COUNT(omissions)) ||
	       sum(now, impairments, COUNT(impairments)) > sum(before, impairments, COUNT(impairments));
}

static void list_json(struct strbuf *out, const struct loss_report *report, const struct cause *causes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t number = count_of(report, &causes[i]);

		if (!number)
			continue;
		strbuf_append_string(out, out->data[out->length - 1] == '{' ? "\"" : ",\"");
		strbuf_append_string(out, causes[i].name);
		strbuf_append_literal(out, "\":");
		strbuf_append_u64(out, number);
	}
}

void loss_json(struct strbuf *out, const struct loss_report *report)
{
	strbuf_append_literal(out, ",\"unit\":\"");
	strbuf_append_string(out, report->unit ? report->unit : "row");
	strbuf_append_literal(out, "\",\"delivered\":");
	strbuf_append_u64(out, report->delivered);
	strbuf_append_literal(out, ",\"lost\":");
	strbuf_append_u64(out, loss_total(report));
	strbuf_append_literal(out, ",\"counters\":{");
	list_json(out, report, losses, COUNT(losses));
	list_json(out, report, omissions, COUNT(omissions));
	list_json(out, report, remarks, COUNT(remarks));
	list_json(out, report, impairments, COUNT(impairments));
	strbuf_append_literal(out, "}");
}

void loss_format(struct strbuf *out, const struct loss_report *report)
{
	uint64_t total = loss_total(report), of = report->delivered + total;

	strbuf_append_literal(out, "lost ");
	strbuf_append_u64(out, total);
	strbuf_append_literal(out, " of ");
	strbuf_append_u64(out, of);
	strbuf_append_char(out, ' ');
	strbuf_append_string(out, report->unit ? report->unit : "row");
	if (of != 1)
		strbuf_append_char(out, 's');
	list(out, report, losses, COUNT(losses), ": ");
	if (!loss_missed(report))
		strbuf_append_literal(out, ": nothing was missed");
	else if (!total)
		strbuf_append_literal(out, ", but something was missed");
	list(out, report, omissions, COUNT(omissions), total ? "; " : ": ");
	list(out, report, remarks, COUNT(remarks), "; ");
	list(out, report, impairments, COUNT(impairments), "; ");
}
