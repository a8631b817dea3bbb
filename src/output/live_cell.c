/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/live_cell.h"

#include "core/address.h"
#include "core/cause.h"
#include "core/connection.h"
#include "core/human.h"
#include "core/limit.h"
#include "core/owner.h"
#include "core/tcp_state.h"

#define NS_PER_US 1000ULL

/* Cells of the longest name of a state and of a limit. Narrower columns have the short names. */
#define STATE_WIDTH 11
#define LIMIT_WIDTH 15

/* Cells of ADDRESS:PORT with an IPv4 address. A narrower column has only the port. */
#define PLACE_WIDTH 21

static const char *const short_states[CONNECTION_STATES] = {
	[STATE_ESTABLISHED] = "ESTAB", [STATE_SYN_SENT] = "SYNSNT",  [STATE_SYN_RECV] = "SYNRCV",
	[STATE_FIN_WAIT1] = "FINWT1",  [STATE_FIN_WAIT2] = "FINWT2", [STATE_CLOSE_WAIT] = "CLOSWT",
	[STATE_LAST_ACK] = "LASTAK",   [STATE_CLOSING] = "CLOSNG",
};

static const char *const short_limits[LIMITED_BY_COUNT] = {
	[LIMITED_BY_NONE] = "none",        [LIMITED_BY_APPLICATION] = "app", [LIMITED_BY_RECEIVER_WINDOW] = "rwnd",
	[LIMITED_BY_SEND_BUFFER] = "sbuf", [LIMITED_BY_LOSS] = "loss",       [LIMITED_BY_NETWORK] = "net",
};

void live_column_title(struct strbuf *out, int column, const struct labels *groups, bool totals)
{
	static const char *const titles[LIVE_ALL_COLUMNS] = {
		[LIVE_COLUMN_NAME] = "COMM",
		[LIVE_COLUMN_PID] = "PID",
		[LIVE_COLUMN_LOCAL] = "LOCAL",
		[LIVE_COLUMN_REMOTE] = "REMOTE",
		[LIVE_COLUMN_STATE] = "STATE",
		[LIVE_COLUMN_AGE] = "AGE",
		[LIVE_COLUMN_CONNECTIONS] = "CONNS",
		[LIVE_COLUMN_RTT] = "RTT",
		[LIVE_COLUMN_RETRANS] = "RETR",
		[LIVE_COLUMN_RECV_QUEUE] = "RECVQ",
		[LIVE_COLUMN_SEND_QUEUE] = "SENDQ",
		[LIVE_COLUMN_LIMIT] = "LIMIT",
		[LIVE_END_AGO] = "AGO",
		[LIVE_END_CAUSE] = "CAUSE",
		[LIVE_END_LASTED] = "LASTED",
		[LIVE_LISTENER_BACKLOG] = "BACKLOG",
		[LIVE_LISTENER_MAX] = "MAX",
		[LIVE_LISTENER_HIGHEST] = "HIGHEST",
		[LIVE_LISTENER_ACCEPTED] = "ACCEPT/S",
		[LIVE_LISTENER_DROPS] = "DROPS",
		[LIVE_LISTENER_SYN_RECV] = "SYNRECV",
		[LIVE_LISTENER_COOKIES] = "COOKIES",
		[LIVE_LISTENER_OVERFLOW] = "OVERFLOW",
	};

	if (column == LIVE_COLUMN_NAME && groups)
		group_title(out, groups);
	else if (column == LIVE_COLUMN_IN)
		strbuf_append_string(out, totals ? "IN" : "IN/s");
	else if (column == LIVE_COLUMN_OUT)
		strbuf_append_string(out, totals ? "OUT" : "OUT/s");
	else
		strbuf_append_string(out, titles[column]);
}

/* An unknown value. */
static void set_unknown(struct live_cell *cell, struct strbuf *out)
{
	strbuf_append_char(out, '-');
	cell->style = STYLE_FAINT;
}

static void set_name(const struct live_line *line, size_t width, struct live_cell *cell, struct strbuf *out)
{
	size_t most = width < LIVE_NAME_MAX ? width : LIVE_NAME_MAX;
	const struct owner *owner = line->socket ? &line->socket->owner : NULL;
	struct group_name name;

	if (!owner) {
		group_name_read(line->group->name, line->group->name_length, &name);
		cell->cells = group_name_text(out, &name, line->is_text ? LIVE_NAME_MAX : most, line->cell_width);
		cell->style = group_name_is_dash(&name) ? STYLE_FAINT : STYLE_PLAIN;
	} else if (owner->source == OWNER_UNKNOWN) {
		set_unknown(cell, out);
	} else {
		cell->cells = escape_name(out, owner->comm, strnlen(owner->comm, sizeof(owner->comm)), most,
					  line->cell_width);
	}
}

static void set_pid(const struct live_line *line, struct live_cell *cell, struct strbuf *out)
{
	if (owner_has_pid(&line->socket->owner))
		strbuf_append_u64(out, line->socket->owner.pid);
	else
		set_unknown(cell, out);
}

/* ADDRESS:PORT or [ADDRESS]:PORT. A longer address is cut, and ends in '+'; the port stays. */
static void set_place(const struct live_line *line, bool remote, size_t width, struct strbuf *out)
{
	const struct transition *end = line->socket;
	char text[ADDRESS_TEXT_MAX + 2], port[8];
	struct strbuf address = strbuf_over(text, sizeof(text)), number = strbuf_over(port, sizeof(port));

	if (end->ip_version == 6)
		strbuf_append_char(&address, '[');
	address_format(&address, end->ip_version, remote ? end->raddr : end->laddr);
	if (end->ip_version == 6)
		strbuf_append_char(&address, ']');
	strbuf_append_char(&number, ':');
	strbuf_append_u64(&number, remote ? end->rport : end->lport);
	if (line->is_text || address.length + number.length <= width) {
		strbuf_append(out, text, address.length);
	} else if (width >= PLACE_WIDTH) {
		strbuf_append(out, text, width - number.length - 1);
		strbuf_append_char(out, '+');
	}
	strbuf_append(out, port, number.length);
}

static void set_state(const struct live_line *line, size_t width, struct live_cell *cell, struct strbuf *out)
{
	uint8_t state = line->connection->end.newstate;
	const char *name = state < CONNECTION_STATES && width < STATE_WIDTH ? short_states[state] : NULL;

	cell->style = state == STATE_ESTABLISHED ? STYLE_GOOD : STYLE_NOTICE;
	if (name)
		strbuf_append_string(out, name);
	else
		tcp_state_format(out, state);
}

/* A duration; a lower bound has a '>' in front. */
static void set_duration(bool is_known, bool is_least, uint64_t ns, struct live_cell *cell, struct strbuf *out)
{
	if (!is_known) {
		set_unknown(cell, out);
		return;
	}
	if (is_least)
		strbuf_append_char(out, '>');
	human_duration(out, ns);
}

static void set_age(const struct live_line *line, struct live_cell *cell, struct strbuf *out)
{
	const struct transition *end = &line->connection->end;

	set_duration(end->duration_ns != DURATION_UNKNOWN, end->flags & TRANSITION_AT_LEAST, end->duration_ns, cell,
		     out);
}

static void set_lasted(const struct live_line *line, struct live_cell *cell, struct strbuf *out)
{
	uint64_t ns = connection_total_ns(line->connection);

	set_duration(ns, !connection_is_whole(line->connection), ns, cell, out);
}

static void set_counter(const struct live_line *line, enum live_counter counter, struct live_cell *cell,
			struct strbuf *out)
{
	const struct live_figures *figures = line->figures;
	uint64_t value = (line->totals ? figures->total : figures->rate)[counter];

	if (!line->totals && !figures->has_rate) {
		set_unknown(cell, out);
		return;
	}
	cell->style = !value ? STYLE_FAINT : counter == LIVE_RETRANS ? STYLE_BAD : STYLE_PLAIN;
	if (counter == LIVE_RETRANS)
		human_count(out, value);
	else
		human_bytes(out, value);
}

static void set_bytes(uint64_t bytes, struct live_cell *cell, struct strbuf *out)
{
	cell->style = bytes ? STYLE_PLAIN : STYLE_FAINT;
	human_bytes(out, bytes);
}

static void set_limit(const struct live_line *line, size_t width, struct live_cell *cell, struct strbuf *out)
{
	enum limited_by limit = live_figures_limit(line->figures, line->totals);

	if (limit == LIMITED_UNKNOWN) {
		set_unknown(cell, out);
		return;
	}
	cell->style = limit == LIMITED_BY_LOSS         ? STYLE_BAD
		      : limit > LIMITED_BY_APPLICATION ? STYLE_NOTICE
						       : STYLE_FAINT;
	strbuf_append_string(out, width < LIMIT_WIDTH ? short_limits[limit] : limit_name(limit));
}

static void set_cause(const struct live_line *line, size_t width, struct live_cell *cell, struct strbuf *out)
{
	const struct transition *end = &line->connection->end;
	enum cause cause = cause_of_connection(end->cause, end->oldstate);
	const char *name = cause_name(cause);
	size_t length = name ? strlen(name) : 0;

	if (!name) {
		set_unknown(cell, out);
		return;
	}
	cell->style = cause == CAUSE_FIN_LOCAL || cause == CAUSE_FIN_REMOTE || cause == CAUSE_FIN_BOTH ? STYLE_PLAIN
												       : STYLE_BAD;
	if (length <= width || line->is_text) {
		strbuf_append_string(out, name);
	} else {
		strbuf_append(out, name, width - 1);
		strbuf_append_char(out, '+');
	}
}

static void set_owner_or_place(const struct live_line *line, int column, size_t width, struct live_cell *cell,
			       struct strbuf *out)
{
	switch (column) {
	case LIVE_COLUMN_NAME:
		set_name(line, width, cell, out);
		break;
	case LIVE_COLUMN_PID:
		set_pid(line, cell, out);
		break;
	case LIVE_COLUMN_LOCAL:
	case LIVE_COLUMN_REMOTE:
		set_place(line, column == LIVE_COLUMN_REMOTE, width, out);
		break;
	case LIVE_COLUMN_STATE:
		set_state(line, width, cell, out);
		break;
	case LIVE_COLUMN_AGE:
		set_age(line, cell, out);
		break;
	case LIVE_END_AGO:
		set_duration(true, false, line->now_ns > line->taken_ns ? line->now_ns - line->taken_ns : 0, cell, out);
		break;
	case LIVE_END_CAUSE:
		set_cause(line, width, cell, out);
		break;
	case LIVE_END_LASTED:
		set_lasted(line, cell, out);
		break;
	}
}

static void set_figure(const struct live_line *line, int column, size_t width, struct live_cell *cell,
		       struct strbuf *out)
{
	const struct live_figures *figures = line->figures;

	switch (column) {
	case LIVE_COLUMN_CONNECTIONS:
		human_count(out, figures->connections);
		break;
	case LIVE_COLUMN_IN:
	case LIVE_COLUMN_OUT:
		set_counter(line, column == LIVE_COLUMN_IN ? LIVE_IN : LIVE_OUT, cell, out);
		break;
	case LIVE_COLUMN_RTT:
		set_duration(figures->rtt_count, false, live_figures_rtt_us(figures) * NS_PER_US, cell, out);
		break;
	case LIVE_COLUMN_RETRANS:
		set_counter(line, LIVE_RETRANS, cell, out);
		break;
	case LIVE_COLUMN_RECV_QUEUE:
		set_bytes(figures->recv_queue, cell, out);
		break;
	case LIVE_COLUMN_SEND_QUEUE:
		set_bytes(figures->send_queue, cell, out);
		break;
	case LIVE_COLUMN_LIMIT:
		set_limit(line, width, cell, out);
		break;
	}
}

static void set_accepted(const struct listener_row *row, struct live_cell *cell, struct strbuf *out)
{
	uint64_t tenths = listener_counts(row) ? listener_accepted_tenths(row) : 0;

	if (!listener_counts(row)) {
		set_unknown(cell, out);
		return;
	}
	cell->style = tenths ? STYLE_PLAIN : STYLE_FAINT;
	if (tenths >= 1000) {
		human_count(out, tenths / 10);
		return;
	}
	strbuf_append_u64(out, tenths / 10);
	strbuf_append_char(out, '.');
	strbuf_append_u64(out, tenths % 10);
}

static void set_cookies(const struct listener_record *record, struct live_cell *cell, struct strbuf *out)
{
	bool is_known, uses = listener_uses_cookies(record, &is_known);

	if (!is_known) {
		set_unknown(cell, out);
		return;
	}
	cell->style = uses ? STYLE_NOTICE : STYLE_FAINT;
	strbuf_append_string(out, uses ? "yes" : record->syn_cookies ? "no" : "off");
}

static void set_count(uint64_t count, enum picture_style style, struct live_cell *cell, struct strbuf *out)
{
	cell->style = count ? style : STYLE_FAINT;
	human_count(out, count);
}

static void set_listener(const struct listener_row *row, int column, struct live_cell *cell, struct strbuf *out)
{
	switch (column) {
	case LIVE_LISTENER_BACKLOG:
		set_count(row->now.backlog, listener_is_full(&row->now) ? STYLE_BAD : STYLE_PLAIN, cell, out);
		break;
	case LIVE_LISTENER_MAX:
		human_count(out, row->now.limit);
		break;
	case LIVE_LISTENER_HIGHEST:
		set_count(row->highest_ever, row->highest_ever > row->now.limit ? STYLE_BAD : STYLE_PLAIN, cell, out);
		break;
	case LIVE_LISTENER_ACCEPTED:
		set_accepted(row, cell, out);
		break;
	case LIVE_LISTENER_DROPS:
		set_count(row->now.drops, STYLE_BAD, cell, out);
		break;
	case LIVE_LISTENER_SYN_RECV:
		set_count(row->now.syn_recv, STYLE_PLAIN, cell, out);
		break;
	case LIVE_LISTENER_COOKIES:
		set_cookies(&row->now, cell, out);
		break;
	case LIVE_LISTENER_OVERFLOW:
		cell->style = row->overflow > LISTENER_PAST ? STYLE_BAD : row->overflow ? STYLE_NOTICE : STYLE_FAINT;
		strbuf_append_string(out, listener_overflow_name(row->overflow));
		break;
	}
}

void live_cell(const struct live_line *line, int column, size_t width, struct live_cell *ret)
{
	struct strbuf out = strbuf_over(ret->text, sizeof(ret->text));

	ret->style = STYLE_PLAIN;
	ret->cells = 0;
	if (column >= LIVE_LISTENER_BACKLOG)
		set_listener(line->listener, column, ret, &out);
	else if (column < LIVE_COLUMN_CONNECTIONS || column > LIVE_COLUMN_LIMIT)
		set_owner_or_place(line, column, width, ret, &out);
	else
		set_figure(line, column, width, ret, &out);
	ret->length = out.length;
	if (!ret->cells)
		ret->cells = out.length;
}
