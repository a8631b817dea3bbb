/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/live_json.h"

#include "core/append.h"
#include "core/column.h"
#include "core/duration.h"
#include "core/tcp_state.h"
#include "output/connection.h"
#include "output/group_name.h"
#include "output/json.h"

/* Bytes of the members behind the name of a group, and of an object about a look. */
#define FIGURES_MAX 1024
#define LOOK_MAX    1024

/* Closes the open string, and appends the beginning and the duration of the state. */
static char *append_age(char *at, const struct transition *end, const struct timebase *base)
{
	if (end->duration_ns == DURATION_UNKNOWN)
		return append_literal(at, "\",\"since\":null,\"duration_us\":null");
	if (end->flags & TRANSITION_AT_LEAST)
		return duration_append_us(
			append_literal(at, "\",\"since\":null,\"duration_us\":null,\"state_at_least_us\":"),
			end->duration_ns);
	at = append_literal(at, "\",\"since\":\"");
	at = timestamp_append_utc(at, base, end->time_ns - end->duration_ns);
	return duration_append_us(append_literal(at, "\",\"duration_us\":"), end->duration_ns);
}

static char *append_rate(char *at, const struct live_figures *figures, enum live_counter counter)
{
	return figures->has_rate ? append_u64(at, figures->rate[counter]) : append_literal(at, "null");
}

static char *append_rates(char *at, const struct live_figures *figures)
{
	at = append_rate(append_literal(at, ",\"received_per_s\":"), figures, LIVE_IN);
	at = append_rate(append_literal(at, ",\"acked_per_s\":"), figures, LIVE_OUT);
	return append_rate(append_literal(at, ",\"retransmits_per_s\":"), figures, LIVE_RETRANS);
}

static char *append_limit(char *at, const struct live_figures *figures, bool totals)
{
	const char *name = limit_name(live_figures_limit(figures, totals));

	return name ? append_char(append_bytes(append_char(at, '"'), name, strlen(name)), '"')
		    : append_literal(at, "null");
}

static char *append_now(char *at, const struct live_figures *figures)
{
	at = append_rates(at, figures);
	at = append_u64(append_literal(at, ",\"recv_queue\":"), figures->recv_queue);
	at = append_u64(append_literal(at, ",\"send_queue\":"), figures->send_queue);
	return append_limit(append_literal(at, ",\"limited_by_now\":"), figures, false);
}

void live_json(struct strbuf *out, const struct live_row *row, const struct timebase *base)
{
	const struct connection_line line = {.connection = &row->now, .base = base};
	char *at = strbuf_room(out, 2 * ROW_TEXT_MAX);

	if (!at)
		return;
	at = append_literal(at, "{\"v\":1,\"type\":\"live\",\"time\":\"");
	at = timestamp_append_utc(at, base, row->now.end.time_ns);
	at = json_append_socket(at, &row->now.end);
	at = tcp_state_append(append_literal(at, ",\"state\":\""), row->now.end.newstate);
	at = append_age(at, &row->now.end, base);
	at = append_now(at, &row->figures);
	at = connection_append_members(at, &line);
	strbuf_end(out, append_literal(at, "}\n"));
}

/* ---- groups ------------------------------------------------------------------------------------------------------ */

static void append_figures(struct strbuf *out, const struct live_figures *figures)
{
	char *at = strbuf_room(out, FIGURES_MAX);

	if (!at)
		return;
	at = append_u64(append_literal(at, ",\"connections\":"), figures->connections);
	at = append_now(at, figures);
	at = append_literal(at, ",\"srtt_us\":");
	at = figures->rtt_count ? append_u64(at, live_figures_rtt_us(figures)) : append_literal(at, "null");
	at = append_u64(append_literal(at, ",\"bytes_received\":"), figures->total[LIVE_IN]);
	at = append_u64(append_literal(at, ",\"bytes_acked\":"), figures->total[LIVE_OUT]);
	at = append_u64(append_literal(at, ",\"retransmits\":"), figures->total[LIVE_RETRANS]);
	at = append_limit(append_literal(at, ",\"limited_by\":"), figures, true);
	strbuf_end(out, append_literal(at, "}\n"));
}

void live_json_group(struct strbuf *out, const struct live_groups *groups, const struct live_group *group,
		     uint64_t time_ns, const struct timebase *base)
{
	struct group_key key = live_group_key(groups, group);
	struct group_name name;

	group_name_read(group->name, group->name_length, &name);
	strbuf_append_literal(out, "{\"v\":1,\"type\":\"live-group\",\"time\":\"");
	timestamp_format_utc(out, base, time_ns);
	strbuf_append_char(out, '"');
	group_name_json(out, groups->labels, &name, &key);
	append_figures(out, &group->figures);
}

/* ---- the look itself --------------------------------------------------------------------------------------------- */

static char *append_states(char *at, const struct live_totals *totals)
{
	bool is_first = true;

	at = append_literal(at, ",\"states\":{");
	for (unsigned int state = 0; state < CONNECTION_STATES; state++) {
		if (!totals->states[state])
			continue;
		at = append_char(is_first ? at : append_char(at, ','), '"');
		at = append_literal(tcp_state_append(at, state), "\":");
		at = append_u64(at, totals->states[state]);
		is_first = false;
	}
	return append_char(at, '}');
}

void live_json_look(struct strbuf *out, const struct live *live, uint64_t lost, const struct timebase *base)
{
	const struct live_totals *totals = &live->totals;
	char *at = strbuf_room(out, LOOK_MAX);

	if (!at)
		return;
	at = append_literal(at, "{\"v\":1,\"type\":\"look\",\"time\":\"");
	at = timestamp_append_utc(at, base, live->pass_ns);
	at = append_literal(at, "\",\"interval_s\":");
	at = totals->length_ns ? duration_append_s(at, totals->length_ns) : append_literal(at, "null");
	at = append_u64(append_literal(at, ",\"connections\":"), totals->figures.connections);
	at = append_states(at, totals);
	at = append_u64(append_literal(at, ",\"opened\":"), totals->opened);
	at = append_u64(append_literal(at, ",\"closed\":"), totals->closed);
	at = append_rates(at, &totals->figures);
	at = append_u64(append_literal(at, ",\"lost\":"), lost);
	strbuf_end(out, append_literal(at, "}\n"));
}
