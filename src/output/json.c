/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/json.h"

#include "core/cause.h"
#include "core/column.h"
#include "core/duration.h"
#include "core/escape.h"
#include "core/owner.h"
#include "core/put.h"
#include "core/tcp_state.h"
#include "core/zone.h"

#include <stdbool.h>
#include <string.h>

static char *put_known_u64(char *at, bool known, uint64_t value)
{
	return known ? put_u64(at, value) : put_literal(at, "null");
}

static char *put_identity(char *at, const struct transition *event)
{
	at = put_literal(at, "\",\"cookie\":");
	at = put_known_u64(at, event->cookie, event->cookie);
	at = put_literal(at, ",\"conn_seq\":");
	at = put_small(at, event->conn_seq);
	at = put_literal(at, ",\"skaddr\":\"");
	return put_hex(at, event->skaddr, 16);
}

static char *put_escaped(char *at, const char comm[OWNER_COMM_LEN])
{
	struct strbuf out = strbuf_over(at, ESCAPED_MAX * OWNER_COMM_LEN);

	escape_json(&out, comm, escape_field_length(comm, OWNER_COMM_LEN));
	return at + out.length;
}

/* The inside of a string. */
static char *put_comm(char *at, const char comm[OWNER_COMM_LEN])
{
	int length = escape_plain_field(comm);

	if (length < 0)
		return put_escaped(at, comm);
	put_bytes(at, comm, OWNER_COMM_LEN);
	return at + length;
}

static char *put_pid(char *at, uint32_t pid)
{
	if (!(pid & OWNER_PID_OUTSIDE))
		return put_u64(at, pid);
	at = put_literal(at, "null,\"pid_host\":");
	return put_u64(at, pid & ~OWNER_PID_OUTSIDE);
}

static char *put_owner(char *at, const struct owner *owner)
{
	if (owner->source == OWNER_UNKNOWN)
		return put_literal(at, "\",\"pid\":null,\"comm\":null,\"owner\":\"unknown\",\"uid\":");
	at = put_literal(at, "\",\"pid\":");
	at = put_pid(at, owner->pid);
	at = put_literal(at, ",\"comm\":\"");
	at = put_comm(at, owner->comm);
	at = put_literal(at, "\",\"owner\":\"");
	at = owner_source_put(at, owner->source);
	return put_literal(at, "\",\"uid\":");
}

static char *put_scope(char *at, const struct transition *event)
{
	const struct owner *owner = &event->owner;

	at = put_known_u64(at, event->uid != UID_UNKNOWN, event->uid);
	at = put_literal(at, ",\"netns\":");
	at = put_known_u64(at, event->netns, event->netns);
	at = put_literal(at, ",\"cgroup_id\":");
	return put_known_u64(at, owner->source != OWNER_UNKNOWN && owner->cgroup_id, owner->cgroup_id);
}

/* Only where the socket is bound to an interface, or ought to be. json_add_names() has the zone. */
static char *put_interface(char *at, const struct transition *event)
{
	if (event->ifindex)
		return put_u64(put_literal(at, ",\"ifindex\":"), event->ifindex);
	if (zone_applies(event->ip_version, event->laddr) || zone_applies(event->ip_version, event->raddr))
		return put_literal(at, ",\"ifindex\":null,\"zone\":null");
	return at;
}

/* As ip mptcp monitor prints it. */
static char *put_token(char *at, const struct transition *event)
{
	static const char digits[] = "0123456789abcdef";

	if (!event->mptcp_token)
		return at;
	at = put_literal(at, ",\"mptcp_token\":\"");
	for (int shift = 28; shift >= 0; shift -= 4)
		*at++ = digits[event->mptcp_token >> shift & 15];
	return put_literal(at, "\"");
}

static char *put_tuple(char *at, const struct transition *event)
{
	at = put_literal(at, ",\"family\":");
	at = put_small(at, event->ip_version);
	at = put_literal(at, ",\"laddr\":\"");
	at = address_put(at, event->ip_version, event->laddr);
	at = put_literal(at, "\",\"lport\":");
	at = put_u64(at, event->lport);
	at = put_literal(at, ",\"raddr\":\"");
	at = address_put(at, event->ip_version, event->raddr);
	at = put_literal(at, "\",\"rport\":");
	at = put_u64(at, event->rport);
	return put_token(put_interface(at, event), event);
}

char *json_put_suspended(char *at, uint64_t suspended_ns)
{
	return duration_put_us(put_literal(at, ",\"suspended_us\":"), suspended_ns);
}

static char *put_change(char *at, const struct transition *event)
{
	at = put_literal(at, ",\"oldstate\":\"");
	at = tcp_state_put(at, event->oldstate);
	at = put_literal(at, "\",\"newstate\":\"");
	at = tcp_state_put(at, event->newstate);
	at = put_literal(at, "\",\"duration_us\":");
	if (event->duration_ns == DURATION_UNKNOWN)
		return put_literal(at, "null");
	if (event->flags & TRANSITION_AT_LEAST)
		at = put_literal(at, "null,\"at_least_us\":");
	return duration_put_us(at, event->duration_ns);
}

/* Fields that not every row has. */
static char *put_story(char *at, const struct transition *event)
{
	if (event->syn_retrans != SYN_RETRANS_NONE) {
		at = put_literal(at, ",\"syn_retrans\":");
		at = put_small(at, event->syn_retrans);
	}
	if (event->cause == CAUSE_NONE)
		return put_literal(at, ",\"cause\":null");
	at = put_literal(at, ",\"cause\":\"");
	return put_char(cause_put(at, event->cause), '"');
}

char *json_put_socket(char *at, const struct transition *event)
{
	at = put_identity(at, event);
	at = put_owner(at, &event->owner);
	at = put_scope(at, event);
	return put_tuple(at, event);
}

void json_transition(struct strbuf *out, const struct transition *event, const struct timebase *base)
{
	uint64_t suspended_ns;
	char *at = strbuf_room(out, ROW_TEXT_MAX);

	if (!at)
		return;
	at = put_literal(at, "{\"v\":1,\"type\":\"transition\",\"time\":\"");
	at = timestamp_put_utc(at, base, event->time_ns);
	at = json_put_socket(at, event);
	at = put_change(at, event);
	suspended_ns = clock_history_suspended_ns(&base->clocks, event->time_ns, event->duration_ns);
	if (suspended_ns)
		at = json_put_suspended(at, suspended_ns);
	at = put_story(at, event);
	strbuf_end(out, put_literal(at, "}\n"));
}

void json_name(struct strbuf *out, const char *key, struct name name)
{
	strbuf_append_literal(out, ",\"");
	strbuf_append_string(out, key);
	strbuf_append_literal(out, "\":");
	if (!name.bytes) {
		strbuf_append_literal(out, "null");
		return;
	}
	strbuf_append_char(out, '"');
	escape_json(out, name.bytes, name.length);
	strbuf_append_char(out, '"');
}

void json_add_names(struct strbuf *out, const struct names *names)
{
	out->length -= strlen("}\n");
	if (names->zone.bytes)
		json_name(out, "zone", names->zone);
	if (names->asked & NAMES_CGROUP) {
		json_name(out, "cgroup", names->cgroup);
		json_name(out, "unit", names->unit);
		json_name(out, "systemd_unit", names->unit); /* as tcprtt, whose "unit" is another */
		json_name(out, "container", names->container);
		json_name(out, "pod", names->pod);
	}
	if (names->asked & NAMES_NETNS)
		json_name(out, "netns_name", names->netns);
	if (names->asked & NAMES_SERVICES) {
		json_name(out, "lservice", names->lservice);
		json_name(out, "rservice", names->rservice);
	}
	strbuf_append_literal(out, "}\n");
}
