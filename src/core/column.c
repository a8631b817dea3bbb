/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/column.h"

#include "core/address.h"
#include "core/cause.h"
#include "core/duration.h"
#include "core/escape.h"
#include "core/owner.h"
#include "core/tcp_state.h"

#include <string.h>
#include <strings.h>

/* TIME(s) needs quotes in a shell, so users get to know the column as ELAPSED. */
#define ELAPSED "ELAPSED"
#define NAMES                                                                                                          \
	"TIME," ELAPSED ",TIMESTAMP,SKADDR,COOKIE,SEQ,PID,COMM,OWNER,UID,CGROUP,NETNS,IP,LADDR,LPORT,RADDR,RPORT,"     \
	"OLDSTATE,NEWSTATE,MS,SYNRETRANS,CAUSE,STATE,SINCE,ATLEAST,CGPATH,UNIT,CONTAINER,POD,NETNSNAME"

static const struct {
	const char *name;
	uint8_t width;
	uint8_t wide; /* where it differs from `width` */
} columns[COLUMN_COUNT] = {
	[COLUMN_TIME] = {"TIME", 8, 0},
	[COLUMN_ELAPSED] = {"TIME(s)", 9, 0},
	[COLUMN_TIMESTAMP] = {"TIMESTAMP", 27, 0},
	[COLUMN_SKADDR] = {"SKADDR", 16, 0},
	[COLUMN_COOKIE] = {"COOKIE", 10, 0},
	[COLUMN_SEQ] = {"SEQ", 3, 0},
	[COLUMN_PID] = {"PID", 7, 0},
	[COLUMN_COMM] = {"COMM", 10, 16},
	[COLUMN_OWNER] = {"OWNER", 8, 0},
	[COLUMN_UID] = {"UID", 6, 0},
	[COLUMN_CGROUP] = {"CGROUP", 8, 0},
	[COLUMN_NETNS] = {"NETNS", 10, 0},
	[COLUMN_IP] = {"IP", 2, 0},
	[COLUMN_LADDR] = {"LADDR", 15, 39},
	[COLUMN_LPORT] = {"LPORT", 5, 0},
	[COLUMN_RADDR] = {"RADDR", 15, 39},
	[COLUMN_RPORT] = {"RPORT", 5, 0},
	[COLUMN_OLDSTATE] = {"OLDSTATE", 11, 0},
	[COLUMN_NEWSTATE] = {"NEWSTATE", 11, 0},
	[COLUMN_MS] = {"MS", 10, 0},
	[COLUMN_SYNRETRANS] = {"SYNRETRANS", 10, 0},
	[COLUMN_CAUSE] = {"CAUSE", 22, 0},
	[COLUMN_STATE] = {"STATE", 11, 0},
	[COLUMN_SINCE] = {"SINCE", 27, 0},
	[COLUMN_ATLEAST] = {"ATLEAST", 10, 0},
	[COLUMN_CGPATH] = {"CGPATH", 40, 0},
	[COLUMN_UNIT] = {"UNIT", 24, 0},
	[COLUMN_CONTAINER] = {"CONTAINER", 12, 64},
	[COLUMN_POD] = {"POD", 36, 0},
	[COLUMN_NETNSNAME] = {"NETNSNAME", 12, 0},
};

const char *column_names(void)
{
	return NAMES;
}

const char *column_name(enum column_id id)
{
	return columns[id].name;
}

size_t column_width(enum column_id id, enum column_style style)
{
	return style == COLUMN_STYLE_WIDE && columns[id].wide ? columns[id].wide : columns[id].width;
}

static struct column_list list_of(const uint8_t *ids, size_t count, enum column_style style, bool time, bool elapsed)
{
	struct column_list list = {};

	if (time)
		list.ids[list.count++] = COLUMN_TIME;
	if (elapsed)
		list.ids[list.count++] = COLUMN_ELAPSED;
	for (size_t i = 0; i < count; i++) {
		if (ids[i] != COLUMN_IP || style != COLUMN_STYLE_TEXT)
			list.ids[list.count++] = ids[i];
	}
	return list;
}

struct column_list column_list_default(enum column_style style, bool time, bool elapsed)
{
	static const uint8_t peers[] = {COLUMN_SKADDR,   COLUMN_PID,      COLUMN_COMM,  COLUMN_IP,
					COLUMN_LADDR,    COLUMN_LPORT,    COLUMN_RADDR, COLUMN_RPORT,
					COLUMN_OLDSTATE, COLUMN_NEWSTATE, COLUMN_MS};

	return list_of(peers, sizeof(peers), style, time, elapsed);
}

struct column_list column_list_stuck(enum column_style style, bool time, bool elapsed)
{
	static const uint8_t ids[] = {COLUMN_PID,   COLUMN_COMM,  COLUMN_OWNER,  COLUMN_IP,
				      COLUMN_LADDR, COLUMN_LPORT, COLUMN_RADDR,  COLUMN_RPORT,
				      COLUMN_STATE, COLUMN_SINCE, COLUMN_ATLEAST};

	return list_of(ids, sizeof(ids), style, time, elapsed);
}

static bool word_is(const char *word, size_t length, const char *name)
{
	return strlen(name) == length && strncasecmp(word, name, length) == 0;
}

/* COLUMN_COUNT when there is no such column. */
static enum column_id find_column(const char *word, size_t length)
{
	for (enum column_id id = 0; id < COLUMN_COUNT; id++) {
		if (word_is(word, length, columns[id].name) || (id == COLUMN_ELAPSED && word_is(word, length, ELAPSED)))
			return id;
	}
	return COLUMN_COUNT;
}

int column_list_parse(const char *text, struct column_list *ret, struct parse_error *error)
{
	struct column_list list = {};
	const char *word = text;

	for (;;) {
		size_t length = strcspn(word, ",");
		enum column_id id = find_column(word, length);

		if (id == COLUMN_COUNT)
			return parse_fail(error, "column", word, length, "not one of " NAMES);
		if (memchr(list.ids, id, list.count))
			return parse_fail(error, "column", word, length, "named twice; once each of " NAMES);
		list.ids[list.count++] = id;
		if (!word[length])
			break;
		word += length + 1;
	}
	*ret = list;
	return 0;
}

static bool is_of_transitions(enum column_id id)
{
	return id == COLUMN_OLDSTATE || id == COLUMN_NEWSTATE || id == COLUMN_SYNRETRANS || id == COLUMN_CAUSE;
}

int column_list_check(const struct column_list *list, bool stuck, struct parse_error *error)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *name = columns[list->ids[i]].name;

		if (stuck && is_of_transitions(list->ids[i]))
			return parse_fail(error, "column", name, strlen(name),
					  "is of transitions; --stuck has STATE, SINCE and ATLEAST");
		if (!stuck && list->ids[i] == COLUMN_STATE)
			return parse_fail(error, "column", name, strlen(name),
					  "is of --stuck; transitions have OLDSTATE and NEWSTATE");
	}
	return 0;
}

void column_list_prepend(struct column_list *list, enum column_id id)
{
	if (memchr(list->ids, id, list->count))
		return;
	memmove(list->ids + 1, list->ids, list->count++);
	list->ids[0] = id;
}

unsigned int column_list_names(const struct column_list *list)
{
	unsigned int names = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (list->ids[i] >= COLUMN_CGPATH && list->ids[i] <= COLUMN_POD)
			names |= NAMES_CGROUP;
		if (list->ids[i] == COLUMN_NETNSNAME)
			names |= NAMES_NETNS;
	}
	return names;
}

static void format_unknown(struct strbuf *out, enum column_style style)
{
	if (style != COLUMN_STYLE_CSV)
		strbuf_append_char(out, '-');
}

static void format_known_u64(struct strbuf *out, enum column_style style, bool known, uint64_t value)
{
	if (known)
		strbuf_append_u64(out, value);
	else
		format_unknown(out, style);
}

static void format_text(struct strbuf *out, enum column_style style, struct name text, size_t max_columns)
{
	if (style == COLUMN_STYLE_CSV)
		escape_csv(out, text.bytes, text.length);
	else
		escape_terminal(out, text.bytes, text.length, style == COLUMN_STYLE_WIDE ? SIZE_MAX : max_columns);
}

static void format_comm(struct strbuf *out, enum column_style style, const struct owner *owner)
{
	struct name comm = {owner->comm, escape_field_length(owner->comm, sizeof(owner->comm))};

	if (owner->source == OWNER_UNKNOWN)
		format_unknown(out, style);
	else
		format_text(out, style, comm, columns[COLUMN_COMM].width);
}

/* A number that may have a name. */
static void format_named(struct strbuf *out, enum column_style style, struct name name, bool known, uint64_t number)
{
	if (name.bytes)
		format_text(out, style, name, SIZE_MAX);
	else
		format_known_u64(out, style, known, number);
}

static void format_name(struct strbuf *out, enum column_id id, enum column_style style, const struct transition *event,
			const struct names *names)
{
	static const struct names none;
	const struct owner *owner = &event->owner;

	if (!names)
		names = &none;
	switch (id) {
	case COLUMN_CGPATH:
		format_named(out, style, names->cgroup, owner->source != OWNER_UNKNOWN && owner->cgroup_id,
			     owner->cgroup_id);
		break;
	case COLUMN_UNIT:
		format_named(out, style, names->unit, false, 0);
		break;
	case COLUMN_CONTAINER:
		if (names->container.bytes)
			format_text(out, style, names->container, columns[COLUMN_CONTAINER].width);
		else
			format_unknown(out, style);
		break;
	case COLUMN_POD:
		format_named(out, style, names->pod, false, 0);
		break;
	default: /* COLUMN_NETNSNAME */
		format_named(out, style, names->netns, event->netns, event->netns);
	}
}

static void format_ms(struct strbuf *out, enum column_style style, const struct transition *event)
{
	if (event->duration_ns == DURATION_UNKNOWN || event->flags & TRANSITION_AT_LEAST)
		format_unknown(out, style);
	else
		duration_format_ms(out, event->duration_ns);
}

/* When the state was entered that the duration is about. */
static void format_since(struct strbuf *out, enum column_style style, const struct transition *event,
			 const struct timebase *base)
{
	if (event->duration_ns == DURATION_UNKNOWN || event->flags & TRANSITION_AT_LEAST)
		format_unknown(out, style);
	else
		timestamp_format_utc(out, base, event->time_ns - event->duration_ns);
}

static void format_at_least(struct strbuf *out, enum column_style style, const struct transition *event)
{
	if (event->duration_ns == DURATION_UNKNOWN)
		format_unknown(out, style);
	else
		duration_format_ms(out, event->duration_ns);
}

static void format_cause(struct strbuf *out, enum column_style style, uint8_t cause)
{
	if (cause == CAUSE_NONE)
		format_unknown(out, style);
	else
		strbuf_append_string(out, cause_name(cause));
}

static void format_port(struct strbuf *out, enum column_style style, uint16_t port, const struct name *service)
{
	if (service && service->bytes)
		format_text(out, style, *service, SIZE_MAX);
	else
		strbuf_append_u64(out, port);
}

static void format_tuple(struct strbuf *out, enum column_id id, enum column_style style, const struct transition *event,
			 const struct names *names)
{
	switch (id) {
	case COLUMN_LADDR:
		address_format(out, event->ip_version, event->laddr);
		break;
	case COLUMN_LPORT:
		format_port(out, style, event->lport, names ? &names->lservice : NULL);
		break;
	case COLUMN_RADDR:
		address_format(out, event->ip_version, event->raddr);
		break;
	case COLUMN_RPORT:
		format_port(out, style, event->rport, names ? &names->rservice : NULL);
		break;
	case COLUMN_OLDSTATE:
		tcp_state_format(out, event->oldstate);
		break;
	case COLUMN_NEWSTATE:
	case COLUMN_STATE:
		tcp_state_format(out, event->newstate);
		break;
	default: /* COLUMN_IP */
		strbuf_append_u64(out, event->ip_version);
	}
}

void column_format(struct strbuf *out, enum column_id id, enum column_style style, const struct transition *event,
		   const struct names *names, const struct timebase *base)
{
	const struct owner *owner = &event->owner;
	bool owned = owner->source != OWNER_UNKNOWN;

	switch (id) {
	case COLUMN_TIME:
		timestamp_format_local(out, base, event->time_ns);
		break;
	case COLUMN_ELAPSED:
		timestamp_format_elapsed(out, base, event->time_ns);
		break;
	case COLUMN_TIMESTAMP:
		timestamp_format_utc(out, base, event->time_ns);
		break;
	case COLUMN_SKADDR:
		strbuf_append_hex(out, event->skaddr);
		break;
	case COLUMN_COOKIE:
		format_known_u64(out, style, event->cookie, event->cookie);
		break;
	case COLUMN_SEQ:
		strbuf_append_u64(out, event->conn_seq);
		break;
	case COLUMN_PID:
		format_known_u64(out, style, owned, owner->pid);
		break;
	case COLUMN_COMM:
		format_comm(out, style, owner);
		break;
	case COLUMN_OWNER:
		strbuf_append_string(out, owner_source_name(owner->source));
		break;
	case COLUMN_UID:
		format_known_u64(out, style, event->uid != UID_UNKNOWN, event->uid);
		break;
	case COLUMN_CGROUP:
		format_known_u64(out, style, owned && owner->cgroup_id, owner->cgroup_id);
		break;
	case COLUMN_NETNS:
		format_known_u64(out, style, event->netns, event->netns);
		break;
	case COLUMN_MS:
		format_ms(out, style, event);
		break;
	case COLUMN_SYNRETRANS:
		format_known_u64(out, style, event->syn_retrans != SYN_RETRANS_NONE, event->syn_retrans);
		break;
	case COLUMN_CAUSE:
		format_cause(out, style, event->cause);
		break;
	case COLUMN_SINCE:
		format_since(out, style, event, base);
		break;
	case COLUMN_ATLEAST:
		format_at_least(out, style, event);
		break;
	case COLUMN_CGPATH ... COLUMN_NETNSNAME:
		format_name(out, id, style, event, names);
		break;
	default:
		format_tuple(out, id, style, event, names);
	}
}
