/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/json.h"

#include "core/append.h"
#include "core/cause.h"
#include "core/column.h"
#include "core/duration.h"
#include "core/escape.h"
#include "core/owner.h"
#include "core/tcp_state.h"
#include "core/zone.h"

#include <stdbool.h>
#include <string.h>

static char *append_known_u64(char *at, bool known, uint64_t value)
{
	return known ? append_u64(at, value) : append_literal(at, "null");
}

static char *append_identity(char *at, const struct transition *event)
{
	at = append_literal(at, "\",\"cookie\":");
	at = append_known_u64(at, event->cookie, event->cookie);
	at = append_literal(at, ",\"conn_seq\":");
	at = append_small(at, event->conn_seq);
	at = append_literal(at, ",\"skaddr\":\"");
	return append_hex(at, event->skaddr, 16);
}

static char *append_escaped(char *at, const char field[ESCAPE_FIELD])
{
	struct strbuf out = strbuf_over(at, ESCAPED_MAX * ESCAPE_FIELD);

	escape_json(&out, field, escape_field_length(field, ESCAPE_FIELD));
	return at + out.length;
}

char *json_append_field(char *at, const char field[ESCAPE_FIELD])
{
	int length = escape_plain_field(field);

	if (length < 0)
		return append_escaped(at, field);
	append_bytes(at, field, ESCAPE_FIELD);
	return at + length;
}

static char *append_pid(char *at, uint32_t pid)
{
	if (!(pid & OWNER_PID_OUTSIDE))
		return append_u64(at, pid);
	at = append_literal(at, "null,\"pid_host\":");
	return append_u64(at, pid & ~OWNER_PID_OUTSIDE);
}

static char *append_owner(char *at, const struct owner *owner)
{
	if (owner->source == OWNER_UNKNOWN)
		return append_literal(at, "\",\"pid\":null,\"comm\":null,\"owner\":\"unknown\",\"uid\":");
	at = append_literal(at, "\",\"pid\":");
	at = append_pid(at, owner->pid);
	at = append_literal(at, ",\"comm\":\"");
	at = json_append_field(at, owner->comm);
	at = append_literal(at, "\",\"owner\":\"");
	at = owner_source_append(at, owner->source);
	return append_literal(at, "\",\"uid\":");
}

static char *append_uid_netns_cgroup(char *at, const struct transition *event)
{
	const struct owner *owner = &event->owner;

	at = append_known_u64(at, event->uid != UID_UNKNOWN, event->uid);
	at = append_literal(at, ",\"netns\":");
	at = append_known_u64(at, event->netns, event->netns);
	at = append_literal(at, ",\"cgroup_id\":");
	return append_known_u64(at, owner->source != OWNER_UNKNOWN && owner->cgroup_id, owner->cgroup_id);
}

/*
 * Appends ifindex: only if the socket is bound to an interface, or has a link-local address. json_add_names() adds a
 * zone.
 */
static char *append_interface(char *at, const struct transition *event)
{
	if (event->ifindex)
		return append_u64(append_literal(at, ",\"ifindex\":"), event->ifindex);
	if (zone_applies(event->ip_version, event->laddr) || zone_applies(event->ip_version, event->raddr))
		return append_literal(at, ",\"ifindex\":null,\"zone\":null");
	return at;
}

/* Appends the token as `ip mptcp monitor` prints it. */
static char *append_mptcp_token(char *at, const struct transition *event)
{
	static const char digits[] = "0123456789abcdef";

	if (!event->mptcp_token)
		return at;
	at = append_literal(at, ",\"mptcp_token\":\"");
	for (int shift = 28; shift >= 0; shift -= 4)
		*at++ = digits[event->mptcp_token >> shift & 15];
	return append_literal(at, "\"");
}

static char *append_tuple(char *at, const struct transition *event)
{
	at = append_literal(at, ",\"family\":");
	at = append_small(at, event->ip_version);
	at = append_literal(at, ",\"laddr\":\"");
	at = address_append(at, event->ip_version, event->laddr);
	at = append_literal(at, "\",\"lport\":");
	at = append_u64(at, event->lport);
	at = append_literal(at, ",\"raddr\":\"");
	at = address_append(at, event->ip_version, event->raddr);
	at = append_literal(at, "\",\"rport\":");
	at = append_u64(at, event->rport);
	return append_mptcp_token(append_interface(at, event), event);
}

char *json_append_suspended(char *at, uint64_t suspended_ns)
{
	return duration_append_us(append_literal(at, ",\"suspended_us\":"), suspended_ns);
}

static char *append_change(char *at, const struct transition *event)
{
	at = append_literal(at, ",\"oldstate\":\"");
	at = tcp_state_append(at, event->oldstate);
	at = append_literal(at, "\",\"newstate\":\"");
	at = tcp_state_append(at, event->newstate);
	at = append_literal(at, "\",\"duration_us\":");
	if (event->duration_ns == DURATION_UNKNOWN)
		return append_literal(at, "null");
	if (event->flags & TRANSITION_AT_LEAST)
		at = append_literal(at, "null,\"at_least_us\":");
	return duration_append_us(at, event->duration_ns);
}

static char *append_syn_retrans_and_cause(char *at, const struct transition *event)
{
	if (event->syn_retrans != SYN_RETRANS_NONE) {
		at = append_literal(at, ",\"syn_retrans\":");
		at = append_small(at, event->syn_retrans);
	}
	if (event->cause == CAUSE_NONE)
		return append_literal(at, ",\"cause\":null");
	at = append_literal(at, ",\"cause\":\"");
	return append_char(cause_append(at, event->cause), '"');
}

char *json_append_socket(char *at, const struct transition *event)
{
	at = append_identity(at, event);
	at = append_owner(at, &event->owner);
	at = append_uid_netns_cgroup(at, event);
	return append_tuple(at, event);
}

void json_transition(struct strbuf *out, const struct transition *event, const struct timebase *base)
{
	uint64_t suspended_ns;
	char *at = strbuf_room(out, ROW_TEXT_MAX);

	if (!at)
		return;
	at = append_literal(at, "{\"v\":1,\"type\":\"transition\",\"time\":\"");
	at = timestamp_append_utc(at, base, event->time_ns);
	at = json_append_socket(at, event);
	at = append_change(at, event);
	suspended_ns = clock_history_suspended_ns(&base->clocks, event->time_ns, event->duration_ns);
	if (suspended_ns)
		at = json_append_suspended(at, suspended_ns);
	at = append_syn_retrans_and_cause(at, event);
	strbuf_end(out, append_literal(at, "}\n"));
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
		json_name(out, "systemd_unit", names->unit); /* as in tcprtt, whose "unit" has another meaning */
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
