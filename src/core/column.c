/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/column.h"

#include "core/append.h"
#include "core/cause.h"
#include "core/connection_column.h"
#include "core/duration.h"
#include "core/escape.h"
#include "core/listener_column.h"
#include "core/owner.h"
#include "core/retransmission_column.h"
#include "core/tcp_state.h"
#include "core/zone.h"

#include <string.h>

/* Cells of COMM and CONTAINER in text that is not wide. */
#define COMM_COLUMNS      10
#define CONTAINER_COLUMNS 12

#define append_unknown column_append_unknown
#define append_known   column_append_known

/* Text that is not wide is cut at `max_cells`. */
static char *append_text(char *at, struct row *row, struct name text, size_t max_cells)
{
	struct strbuf out = strbuf_over(at, ESCAPED_MAX * text.length + strlen("\"\""));
	size_t cells;

	if (row->style == COLUMN_STYLE_CSV) {
		escape_csv(&out, text.bytes, text.length);
	} else {
		cells = escape_name(&out, text.bytes, text.length,
				    row->style == COLUMN_STYLE_WIDE ? SIZE_MAX : max_cells, row->width);
		row->bytes_beyond_cells = out.length - cells;
	}
	return at + out.length;
}

/* Appends the name, or the number if there is no name. */
static char *append_named(char *at, struct row *row, struct name name, bool known, uint64_t number)
{
	return name.bytes ? append_text(at, row, name, SIZE_MAX) : append_known(at, row, known, number);
}

static bool is_owned(const struct row *row)
{
	return row->event->owner.source != OWNER_UNKNOWN;
}

static char *append_time(char *at, struct row *row)
{
	return timestamp_append_local(at, row->base, row->event->time_ns);
}

static char *append_elapsed(char *at, struct row *row)
{
	return timestamp_append_elapsed(at, row->base, row->event->time_ns);
}

static char *append_timestamp(char *at, struct row *row)
{
	return timestamp_append_utc(at, row->base, row->event->time_ns);
}

static char *append_skaddr(char *at, struct row *row)
{
	return append_hex(at, row->event->skaddr, 1);
}

static char *append_cookie(char *at, struct row *row)
{
	return append_known(at, row, row->event->cookie, row->event->cookie);
}

static char *append_seq(char *at, struct row *row)
{
	return append_small(at, row->event->conn_seq);
}

static char *append_pid(char *at, struct row *row)
{
	return append_known(at, row, owner_has_pid(&row->event->owner), row->event->owner.pid);
}

_Static_assert(OWNER_COMM_LEN == ESCAPE_FIELD, "a comm is looked at as a whole");

static char *append_comm(char *at, struct row *row)
{
	int max_cells = row->style == COLUMN_STYLE_TEXT ? COMM_COLUMNS : OWNER_COMM_LEN;
	const char *comm = row->event->owner.comm;
	int length;

	if (!is_owned(row))
		return append_unknown(at, row);
	length = escape_plain_field(comm);
	/*
	 * An empty name, a dash and a leading blank need escape_name(). Their first bytes are up to '-', as few others
	 * are.
	 */
	if (length < 0 || comm[0] <= '-')
		return append_text(at, row, (struct name){comm, escape_field_length(comm, OWNER_COMM_LEN)}, max_cells);
	append_bytes(at, comm, OWNER_COMM_LEN);
	if (length <= max_cells)
		return at + length;
	at[max_cells - 1] = '+';
	return at + max_cells;
}

static char *append_owner(char *at, struct row *row)
{
	return owner_source_append(at, row->event->owner.source);
}

static char *append_uid(char *at, struct row *row)
{
	return append_known(at, row, row->event->uid != UID_UNKNOWN, row->event->uid);
}

static char *append_cgroup(char *at, struct row *row)
{
	uint64_t id = row->event->owner.cgroup_id;

	return append_known(at, row, is_owned(row) && id, id);
}

static char *append_netns(char *at, struct row *row)
{
	return append_known(at, row, row->event->netns, row->event->netns);
}

static char *append_ip(char *at, struct row *row)
{
	return append_small(at, row->event->ip_version);
}

/* Not inlined: the array would cost all addresses time (-fstack-protector-strong), and zones are rare. */
static __attribute__((noinline)) char *append_zoned(char *at, struct row *row, const uint8_t bytes[16])
{
	const struct transition *event = row->event;
	char text[ZONE_TEXT_MAX + APPEND_SLACK];
	struct name zoned = {text, 0};

	zoned.length = zone_append_address(text, event->ip_version, bytes, event->ifindex, row->names->zone) - text;
	return append_text(at, row, zoned, SIZE_MAX);
}

static char *append_address(char *at, struct row *row, const uint8_t bytes[16])
{
	uint8_t ip_version = row->event->ip_version;

	return zone_applies(ip_version, bytes) ? append_zoned(at, row, bytes) : address_append(at, ip_version, bytes);
}

static char *append_laddr(char *at, struct row *row)
{
	return append_address(at, row, row->event->laddr);
}

static char *append_lport(char *at, struct row *row)
{
	return append_named(at, row, row->names->lservice, true, row->event->lport);
}

static char *append_raddr(char *at, struct row *row)
{
	return append_address(at, row, row->event->raddr);
}

static char *append_rport(char *at, struct row *row)
{
	return append_named(at, row, row->names->rservice, true, row->event->rport);
}

static char *append_oldstate(char *at, struct row *row)
{
	return tcp_state_append(at, row->event->oldstate);
}

static char *append_newstate(char *at, struct row *row)
{
	return tcp_state_append(at, row->event->newstate);
}

static bool is_duration_known(const struct row *row)
{
	return row->event->duration_ns != DURATION_UNKNOWN && !(row->event->flags & TRANSITION_AT_LEAST);
}

static char *append_ms(char *at, struct row *row)
{
	return is_duration_known(row) ? duration_append_ms(at, row->event->duration_ns) : append_unknown(at, row);
}

static char *append_synretrans(char *at, struct row *row)
{
	uint8_t retrans = row->event->syn_retrans;

	return append_known(at, row, retrans != SYN_RETRANS_NONE, retrans);
}

static char *append_cause(char *at, struct row *row)
{
	return row->event->cause != CAUSE_NONE ? cause_append(at, row->event->cause) : append_unknown(at, row);
}

static char *append_since(char *at, struct row *row)
{
	if (!is_duration_known(row))
		return append_unknown(at, row);
	return timestamp_append_utc(at, row->base, row->event->time_ns - row->event->duration_ns);
}

static char *append_atleast(char *at, struct row *row)
{
	uint64_t duration_ns = row->event->duration_ns;

	return duration_ns != DURATION_UNKNOWN ? duration_append_ms(at, duration_ns) : append_unknown(at, row);
}

static char *append_cgpath(char *at, struct row *row)
{
	uint64_t id = row->event->owner.cgroup_id;

	return append_named(at, row, row->names->cgroup, is_owned(row) && id, id);
}

static char *append_unit(char *at, struct row *row)
{
	return append_named(at, row, row->names->unit, false, 0);
}

static char *append_container(char *at, struct row *row)
{
	struct name id = row->names->container;

	/* Container tools also cut an id, and accept the beginning of an id. */
	if (row->style == COLUMN_STYLE_TEXT && id.length > CONTAINER_COLUMNS)
		id.length = CONTAINER_COLUMNS;
	return append_named(at, row, id, false, 0);
}

static char *append_pod(char *at, struct row *row)
{
	return append_named(at, row, row->names->pod, false, 0);
}

static char *append_netnsname(char *at, struct row *row)
{
	return append_named(at, row, row->names->netns, row->event->netns, row->event->netns);
}

const struct column column_table[COLUMN_COUNT] = {
	[COLUMN_TIME] = {"TIME", append_time, {8, 8}},
	[COLUMN_ELAPSED] = {"TIME(s)", append_elapsed, {9, 9}},
	[COLUMN_TIMESTAMP] = {"TIMESTAMP", append_timestamp, {27, 27}},
	[COLUMN_SKADDR] = {"SKADDR", append_skaddr, {16, 16}},
	[COLUMN_COOKIE] = {"COOKIE", append_cookie, {10, 10}},
	[COLUMN_SEQ] = {"SEQ", append_seq, {3, 3}},
	[COLUMN_PID] = {"PID", append_pid, {7, 7}},
	[COLUMN_COMM] = {"COMM", append_comm, {COMM_COLUMNS, OWNER_COMM_LEN}},
	[COLUMN_OWNER] = {"OWNER", append_owner, {8, 8}},
	[COLUMN_UID] = {"UID", append_uid, {6, 6}},
	[COLUMN_CGROUP] = {"CGROUP", append_cgroup, {8, 8}},
	[COLUMN_NETNS] = {"NETNS", append_netns, {10, 10}},
	[COLUMN_IP] = {"IP", append_ip, {2, 2}},
	[COLUMN_LADDR] = {"LADDR", append_laddr, {15, 39}},
	[COLUMN_LPORT] = {"LPORT", append_lport, {5, 5}},
	[COLUMN_RADDR] = {"RADDR", append_raddr, {15, 39}},
	[COLUMN_RPORT] = {"RPORT", append_rport, {5, 5}},
	[COLUMN_OLDSTATE] = {"OLDSTATE", append_oldstate, {11, 11}},
	[COLUMN_NEWSTATE] = {"NEWSTATE", append_newstate, {11, 11}},
	[COLUMN_MS] = {"MS", append_ms, {10, 10}},
	[COLUMN_SYNRETRANS] = {"SYNRETRANS", append_synretrans, {10, 10}},
	[COLUMN_CAUSE] = {"CAUSE", append_cause, {22, 22}},
	[COLUMN_STATE] = {"STATE", append_newstate, {11, 11}},
	[COLUMN_SINCE] = {"SINCE", append_since, {27, 27}},
	[COLUMN_ATLEAST] = {"ATLEAST", append_atleast, {10, 10}},
	[COLUMN_CGPATH] = {"CGPATH", append_cgpath, {40, 40}},
	[COLUMN_UNIT] = {"UNIT", append_unit, {24, 24}},
	[COLUMN_CONTAINER] = {"CONTAINER", append_container, {CONTAINER_COLUMNS, 64}},
	[COLUMN_POD] = {"POD", append_pod, {36, 36}},
	[COLUMN_NETNSNAME] = {"NETNSNAME", append_netnsname, {12, 12}},
#define COLUMN_OF_CONNECTION(id, name, function, width)                                                                \
	[COLUMN_##id] = {name, connection_column_##function, {width, width}},
	CONNECTION_COLUMNS(COLUMN_OF_CONNECTION)
#undef COLUMN_OF_CONNECTION
#define COLUMN_OF_RETRANSMISSION(id, name, function, width)                                                            \
	[COLUMN_##id] = {name, retransmission_column_##function, {width, width}},
		RETRANSMISSION_COLUMNS(COLUMN_OF_RETRANSMISSION)
#undef COLUMN_OF_RETRANSMISSION
#define COLUMN_OF_LISTENER(id, name, function, width)                                                                  \
	[COLUMN_##id] = {name, listener_column_##function, {width, width}},
			LISTENER_COLUMNS(COLUMN_OF_LISTENER)
#undef COLUMN_OF_LISTENER
};

const struct names names_none;
