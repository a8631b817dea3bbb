/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/listener.h"

#include "core/append.h"
#include "core/duration.h"
#include "output/csv.h"
#include "output/json.h"
#include "output/table.h"

#include <string.h>

#define NS_PER_S 1000000000ULL

static struct row row_for(enum column_style style, const struct listener_row *listener, const struct names *names,
			  const struct timebase *base)
{
	struct row row = row_of(style, &listener->now.socket, names, base);

	row.listener = listener;
	return row;
}

void listener_text(struct strbuf *out, const struct column_list *columns, enum column_style style,
		   const struct listener_row *listener, const struct names *names, const struct timebase *base)
{
	struct row row = row_for(style, listener, names, base);

	table_record(out, columns, &row);
}

void listener_csv(struct strbuf *out, const struct column_list *columns, const struct listener_row *listener,
		  const struct names *names, const struct timebase *base)
{
	struct row row = row_for(COLUMN_STYLE_CSV, listener, names, base);

	csv_record(out, columns, &row);
}

/* Append a key such as `,"drops":` and a value, or null for an unknown one, as core/append.h describes. */
#define append_member(at, key, known, value) append_u64_or_null(append_literal((at), ",\"" key "\":"), known, value)

static char *append_u64_or_null(char *at, bool known, uint64_t value)
{
	return known ? append_u64(at, value) : append_literal(at, "null");
}

static char *append_queue(char *at, const struct listener_row *listener)
{
	const struct listener_record *now = &listener->now;
	bool counts = listener_counts(listener);

	at = append_member(at, "backlog", true, now->backlog);
	at = append_member(at, "backlog_max", true, now->limit);
	at = append_member(at, "highest", true, listener->highest);
	at = append_member(at, "highest_ever", true, listener->highest_ever);
	at = append_literal(at, ",\"interval_s\":");
	at = listener->interval_ns ? duration_append_s(at, listener->interval_ns) : append_literal(at, "null");
	at = append_member(at, "queued", counts, listener->queued);
	at = append_member(at, "accepted", counts, listener->accepted);
	at = append_member(at, "dropped", listener->interval_ns, listener->dropped);
	return append_member(at, "drops", true, now->drops);
}

static char *append_syns(char *at, const struct listener_record *now)
{
	bool known, uses = listener_uses_cookies(now, &known);

	at = append_member(at, "syn_recv", true, now->syn_recv);
	at = append_literal(at, ",\"syn_cookies\":");
	if (known)
		at = uses ? append_literal(at, "true") : append_literal(at, "false");
	else
		at = append_literal(at, "null");
	at = append_member(at, "syn_cookie_age_s", uses, now->syn_cookie_age_ns / NS_PER_S);
	return append_member(at, "tcp_syncookies", now->syn_cookies != SYN_COOKIES_UNKNOWN, now->syn_cookies);
}

void listener_json(struct strbuf *out, const struct listener_row *listener, const struct timebase *base)
{
	const char *overflow = listener_overflow_name(listener->overflow);
	const struct transition *socket = &listener->now.socket;
	char *at = strbuf_room(out, ROW_TEXT_MAX);

	if (!at)
		return;
	at = append_literal(at, "{\"v\":1,\"type\":\"listener\",\"time\":\"");
	at = timestamp_append_utc(at, base, socket->time_ns);
	at = json_append_socket(at, socket);
	at = append_queue(at, listener);
	at = append_syns(at, &listener->now);
	at = append_literal(at, ",\"overflow\":\"");
	at = append_bytes(at, overflow, strlen(overflow));
	strbuf_end(out, append_literal(at, "\"}\n"));
}
