/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/column.h"

#include "core/cause.h"
#include "core/duration.h"
#include "core/escape.h"
#include "core/owner.h"
#include "core/put.h"
#include "core/tcp_state.h"
#include "core/zone.h"

#include <string.h>

/* What text shows of these when it is not wide. */
#define COMM_COLUMNS      10
#define CONTAINER_COLUMNS 12

static char *put_unknown(char *at, const struct row *row)
{
	*at = '-';
	return at + (row->style != COLUMN_STYLE_CSV);
}

static char *put_known(char *at, const struct row *row, bool known, uint64_t value)
{
	return known ? put_u64(at, value) : put_unknown(at, row);
}

/* Cut after `max_cells` in text that is not wide. */
static char *put_text(char *at, struct row *row, struct name text, size_t max_cells)
{
	struct strbuf out = strbuf_over(at, ESCAPED_MAX * text.length + strlen("\"\""));
	size_t cells;

	if (row->style == COLUMN_STYLE_CSV) {
		escape_csv(&out, text.bytes, text.length);
	} else {
		cells = escape_name(&out, text.bytes, text.length,
				    row->style == COLUMN_STYLE_WIDE ? SIZE_MAX : max_cells, row->width);
		row->unseen = out.length - cells;
	}
	return at + out.length;
}

/* A number that may have a name. */
static char *put_named(char *at, struct row *row, struct name name, bool known, uint64_t number)
{
	return name.bytes ? put_text(at, row, name, SIZE_MAX) : put_known(at, row, known, number);
}

static bool is_owned(const struct row *row)
{
	return row->event->owner.source != OWNER_UNKNOWN;
}

static char *put_time(char *at, struct row *row)
{
	return timestamp_put_local(at, row->base, row->event->time_ns);
}

static char *put_elapsed(char *at, struct row *row)
{
	return timestamp_put_elapsed(at, row->base, row->event->time_ns);
}

static char *put_timestamp(char *at, struct row *row)
{
	return timestamp_put_utc(at, row->base, row->event->time_ns);
}

static char *put_skaddr(char *at, struct row *row)
{
	return put_hex(at, row->event->skaddr, 1);
}

static char *put_cookie(char *at, struct row *row)
{
	return put_known(at, row, row->event->cookie, row->event->cookie);
}

static char *put_seq(char *at, struct row *row)
{
	return put_small(at, row->event->conn_seq);
}

static char *put_pid(char *at, struct row *row)
{
	return put_known(at, row, owner_has_pid(&row->event->owner), row->event->owner.pid);
}

_Static_assert(OWNER_COMM_LEN == ESCAPE_FIELD, "a comm is looked at as a whole");

static char *put_comm(char *at, struct row *row)
{
	int max_cells = row->style == COLUMN_STYLE_TEXT ? COMM_COLUMNS : OWNER_COMM_LEN;
	const char *comm = row->event->owner.comm;
	int length;

	if (!is_owned(row))
		return put_unknown(at, row);
	length = escape_plain_field(comm);
	/* An empty name, a dash and a blank in front are up to '-', and few others are. */
	if (length < 0 || comm[0] <= '-')
		return put_text(at, row, (struct name){comm, escape_field_length(comm, OWNER_COMM_LEN)}, max_cells);
	put_bytes(at, comm, OWNER_COMM_LEN);
	if (length <= max_cells)
		return at + length;
	at[max_cells - 1] = '+';
	return at + max_cells;
}

static char *put_owner(char *at, struct row *row)
{
	return owner_source_put(at, row->event->owner.source);
}

static char *put_uid(char *at, struct row *row)
{
	return put_known(at, row, row->event->uid != UID_UNKNOWN, row->event->uid);
}

static char *put_cgroup(char *at, struct row *row)
{
	uint64_t id = row->event->owner.cgroup_id;

	return put_known(at, row, is_owned(row) && id, id);
}

static char *put_netns(char *at, struct row *row)
{
	return put_known(at, row, row->event->netns, row->event->netns);
}

static char *put_ip(char *at, struct row *row)
{
	return put_small(at, row->event->ip_version);
}

/* Seldom, and a function of its own: its array would cost the others, too (-fstack-protector-strong). */
static __attribute__((noinline)) char *put_zoned(char *at, struct row *row, const uint8_t bytes[16])
{
	const struct transition *event = row->event;
	char text[ZONE_TEXT_MAX + PUT_BEYOND];
	struct name zoned = {text, 0};

	zoned.length = zone_put_address(text, event->ip_version, bytes, event->ifindex, row->names->zone) - text;
	return put_text(at, row, zoned, SIZE_MAX);
}

static char *put_address(char *at, struct row *row, const uint8_t bytes[16])
{
	uint8_t ip_version = row->event->ip_version;

	return zone_applies(ip_version, bytes) ? put_zoned(at, row, bytes) : address_put(at, ip_version, bytes);
}

static char *put_laddr(char *at, struct row *row)
{
	return put_address(at, row, row->event->laddr);
}

static char *put_lport(char *at, struct row *row)
{
	return put_named(at, row, row->names->lservice, true, row->event->lport);
}

static char *put_raddr(char *at, struct row *row)
{
	return put_address(at, row, row->event->raddr);
}

static char *put_rport(char *at, struct row *row)
{
	return put_named(at, row, row->names->rservice, true, row->event->rport);
}

static char *put_oldstate(char *at, struct row *row)
{
	return tcp_state_put(at, row->event->oldstate);
}

static char *put_newstate(char *at, struct row *row)
{
	return tcp_state_put(at, row->event->newstate);
}

static bool is_duration_known(const struct row *row)
{
	return row->event->duration_ns != DURATION_UNKNOWN && !(row->event->flags & TRANSITION_AT_LEAST);
}

static char *put_ms(char *at, struct row *row)
{
	return is_duration_known(row) ? duration_put_ms(at, row->event->duration_ns) : put_unknown(at, row);
}

static char *put_synretrans(char *at, struct row *row)
{
	uint8_t retrans = row->event->syn_retrans;

	return put_known(at, row, retrans != SYN_RETRANS_NONE, retrans);
}

static char *put_cause(char *at, struct row *row)
{
	return row->event->cause != CAUSE_NONE ? cause_put(at, row->event->cause) : put_unknown(at, row);
}

static char *put_since(char *at, struct row *row)
{
	if (!is_duration_known(row))
		return put_unknown(at, row);
	return timestamp_put_utc(at, row->base, row->event->time_ns - row->event->duration_ns);
}

static char *put_atleast(char *at, struct row *row)
{
	uint64_t duration_ns = row->event->duration_ns;

	return duration_ns != DURATION_UNKNOWN ? duration_put_ms(at, duration_ns) : put_unknown(at, row);
}

static char *put_cgpath(char *at, struct row *row)
{
	uint64_t id = row->event->owner.cgroup_id;

	return put_named(at, row, row->names->cgroup, is_owned(row) && id, id);
}

static char *put_unit(char *at, struct row *row)
{
	return put_named(at, row, row->names->unit, false, 0);
}

static char *put_container(char *at, struct row *row)
{
	struct name id = row->names->container;

	/* As container tools do: the beginning of an id is an id, too. */
	if (row->style == COLUMN_STYLE_TEXT && id.length > CONTAINER_COLUMNS)
		id.length = CONTAINER_COLUMNS;
	return put_named(at, row, id, false, 0);
}

static char *put_pod(char *at, struct row *row)
{
	return put_named(at, row, row->names->pod, false, 0);
}

static char *put_netnsname(char *at, struct row *row)
{
	return put_named(at, row, row->names->netns, row->event->netns, row->event->netns);
}

const struct column column_table[COLUMN_COUNT] = {
	[COLUMN_TIME] = {"TIME", put_time, {8, 8}},
	[COLUMN_ELAPSED] = {"TIME(s)", put_elapsed, {9, 9}},
	[COLUMN_TIMESTAMP] = {"TIMESTAMP", put_timestamp, {27, 27}},
	[COLUMN_SKADDR] = {"SKADDR", put_skaddr, {16, 16}},
	[COLUMN_COOKIE] = {"COOKIE", put_cookie, {10, 10}},
	[COLUMN_SEQ] = {"SEQ", put_seq, {3, 3}},
	[COLUMN_PID] = {"PID", put_pid, {7, 7}},
	[COLUMN_COMM] = {"COMM", put_comm, {COMM_COLUMNS, OWNER_COMM_LEN}},
	[COLUMN_OWNER] = {"OWNER", put_owner, {8, 8}},
	[COLUMN_UID] = {"UID", put_uid, {6, 6}},
	[COLUMN_CGROUP] = {"CGROUP", put_cgroup, {8, 8}},
	[COLUMN_NETNS] = {"NETNS", put_netns, {10, 10}},
	[COLUMN_IP] = {"IP", put_ip, {2, 2}},
	[COLUMN_LADDR] = {"LADDR", put_laddr, {15, 39}},
	[COLUMN_LPORT] = {"LPORT", put_lport, {5, 5}},
	[COLUMN_RADDR] = {"RADDR", put_raddr, {15, 39}},
	[COLUMN_RPORT] = {"RPORT", put_rport, {5, 5}},
	[COLUMN_OLDSTATE] = {"OLDSTATE", put_oldstate, {11, 11}},
	[COLUMN_NEWSTATE] = {"NEWSTATE", put_newstate, {11, 11}},
	[COLUMN_MS] = {"MS", put_ms, {10, 10}},
	[COLUMN_SYNRETRANS] = {"SYNRETRANS", put_synretrans, {10, 10}},
	[COLUMN_CAUSE] = {"CAUSE", put_cause, {22, 22}},
	[COLUMN_STATE] = {"STATE", put_newstate, {11, 11}},
	[COLUMN_SINCE] = {"SINCE", put_since, {27, 27}},
	[COLUMN_ATLEAST] = {"ATLEAST", put_atleast, {10, 10}},
	[COLUMN_CGPATH] = {"CGPATH", put_cgpath, {40, 40}},
	[COLUMN_UNIT] = {"UNIT", put_unit, {24, 24}},
	[COLUMN_CONTAINER] = {"CONTAINER", put_container, {CONTAINER_COLUMNS, 64}},
	[COLUMN_POD] = {"POD", put_pod, {36, 36}},
	[COLUMN_NETNSNAME] = {"NETNSNAME", put_netnsname, {12, 12}},
};

const struct names names_none;
