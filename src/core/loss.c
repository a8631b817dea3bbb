/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/loss.h"

#include <stddef.h>

struct cause {
	size_t offset; /* in struct loss_report */
	const char *name;
};

static const struct cause losses[] = {
	{offsetof(struct loss_report, ring_full), "ring full"},
	{offsetof(struct loss_report, summary_full), "summary full"},
	{offsetof(struct loss_report, recursion), "missed by recursion"},
	{offsetof(struct loss_report, undecoded), "undecoded"},
	{offsetof(struct loss_report, unwritten), "unwritten"},
};

static const struct cause remarks[] = {
	{offsetof(struct loss_report, recovered), "recovered"},
};

static const struct cause impairments[] = {
	{offsetof(struct loss_report, storage_full), "rows without stored state"},
	{offsetof(struct loss_report, held), "held back without a local port"},
	{offsetof(struct loss_report, gaps), "gaps between a socket's states"},
	{offsetof(struct loss_report, unclosed), "sockets that ended unseen"},
	{offsetof(struct loss_report, unaccepted), "accepts that were missed"},
	{offsetof(struct loss_report, unjournaled), "rows that the journal did not take"},
	{offsetof(struct loss_report, unfollowed), "processes not followed"},
	{offsetof(struct loss_report, unsampled), "round-trip samples skipped"},
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

/* "<separator>12 ring full, 3 undecoded": what is not 0 */
static void list(struct strbuf *out, const struct loss_report *report, const struct cause *causes, size_t count,
		 const char *separator)
{
	for (size_t i = 0; i < count; i++) {
		if (!count_of(report, &causes[i]))
			continue;
		strbuf_append_string(out, separator);
		strbuf_append_u64(out, count_of(report, &causes[i]));
		strbuf_append_char(out, ' ');
		strbuf_append_string(out, causes[i].name);
		separator = ", ";
	}
}

uint64_t loss_total(const struct loss_report *report)
{
	return sum(report, losses, COUNT(losses));
}

bool loss_impaired(const struct loss_report *report)
{
	return sum(report, impairments, COUNT(impairments)) > 0;
}

bool loss_missed(const struct loss_report *report)
{
	return loss_total(report) || report->gaps || report->unclosed || report->unaccepted || report->unfollowed ||
	       report->unjournaled;
}

bool loss_grew(const struct loss_report *before, const struct loss_report *now)
{
	return loss_total(now) > loss_total(before) ||
	       sum(now, impairments, COUNT(impairments)) > sum(before, impairments, COUNT(impairments));
}

void loss_format(struct strbuf *out, const struct loss_report *report)
{
	uint64_t total = loss_total(report);

	strbuf_append_literal(out, "lost ");
	strbuf_append_u64(out, total);
	strbuf_append_literal(out, " of ");
	strbuf_append_u64(out, report->delivered + total);
	list(out, report, losses, COUNT(losses), ": ");
	list(out, report, remarks, COUNT(remarks), "; ");
	list(out, report, impairments, COUNT(impairments), "; ");
}
