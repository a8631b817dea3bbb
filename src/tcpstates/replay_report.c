/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/replay_report.h"

#include "core/escape.h"
#include "core/strbuf.h"
#include "os/message.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

void replay_report_count(struct replay_report *report, enum record_type type, bool is_part)
{
	if (is_part)
		report->parts++;
	else
		report->counts[type]++;
}

void replay_report_damage(struct replay_report *report, uint64_t line, const struct line_error *error)
{
	bool *reported = &report->reported[error->fault][error->member];

	report->damaged++;
	if (!*reported)
		message("%s, line %llu: %s", report->name, (unsigned long long)line, error->why.text);
	*reported = true;
}

static const char *plural_of(enum record_type type)
{
	return type == RECORD_CONNECTION       ? "connections"
	       : type == RECORD_RETRANSMISSION ? "retransmissions"
					       : "transitions";
}

/* Appends ", COUNT NAME (REMEDY)", the name with an s if there are several. */
static void append_found(struct strbuf *out, uint64_t count, const char *name, const char *remedy)
{
	if (!count)
		return;
	strbuf_append_string(out, out->length ? ", " : "");
	strbuf_append_u64(out, count);
	strbuf_append_char(out, ' ');
	strbuf_append_string(out, name);
	strbuf_append_string(out, count > 1 ? "s" : "");
	strbuf_append_string(out, remedy);
}

/* Returns whether there is something else in the input, and reports it. */
static bool report_others(const struct replay_report *report)
{
	uint64_t parts = report->wanted == RECORD_CONNECTION ? report->parts : 0, others = 0;
	char text[512];
	struct strbuf out = strbuf_over(text, sizeof(text) - 1);

	if (report->wanted != RECORD_TRANSITION)
		append_found(&out, report->counts[RECORD_TRANSITION], "transition",
			     " (leave -c and --retransmits out)");
	if (report->wanted != RECORD_CONNECTION)
		append_found(&out, report->counts[RECORD_CONNECTION], "connection", " (use -c)");
	append_found(&out, parts, "connection part", " (add --every TIME)");
	if (report->wanted != RECORD_RETRANSMISSION)
		append_found(&out, report->counts[RECORD_RETRANSMISSION], "retransmission", " (use --retransmits)");
	for (enum record_type type = RECORD_STUCK; type < RECORD_NOTE; type++)
		others += report->counts[type];
	append_found(&out, others, "row", " of a type that --replay does not show");
	text[out.length] = '\0';
	if (out.length)
		message("%s has no %s; it has: %s", report->name, plural_of(report->wanted), text);
	return out.length;
}

bool replay_report_end(const struct replay_report *report, uint64_t lines, bool is_whole)
{
	bool has_rows = report->counts[report->wanted];
	bool is_wrong = report->damaged;

	if (is_wrong)
		message(report->damaged == 1 ? "%s: %llu damaged line of %llu was left out"
					     : "%s: %llu damaged lines of %llu were left out",
			report->name, (unsigned long long)report->damaged, (unsigned long long)lines);
	if (report->unnamed)
		message(report->unnamed == 1
				? "%llu row has no names; record with --names or --services to have them"
				: "%llu rows have no names; record with --names or --services to have them",
			(unsigned long long)report->unnamed);
	if (!is_whole || has_rows)
		return is_wrong;
	if (report_others(report))
		return true;
	if (!is_wrong)
		message("%s has no %s", report->name, plural_of(report->wanted));
	return is_wrong;
}
