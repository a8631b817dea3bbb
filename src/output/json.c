/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/json.h"

#include "core/address.h"
#include "core/cause.h"
#include "core/duration.h"
#include "core/escape.h"
#include "core/owner.h"
#include "core/tcp_state.h"

#include <stdbool.h>
#include <string.h>

static void append_known_u64(struct strbuf *out, bool known, uint64_t value)
{
	if (known)
		strbuf_append_u64(out, value);
	else
		strbuf_append_literal(out, "null");
}

static void append_identity(struct strbuf *out, const struct transition *event)
{
	strbuf_append_literal(out, "\",\"cookie\":");
	append_known_u64(out, event->cookie, event->cookie);
	strbuf_append_literal(out, ",\"conn_seq\":");
	strbuf_append_u64(out, event->conn_seq);
	strbuf_append_literal(out, ",\"skaddr\":\"");
	strbuf_append_hex_digits(out, event->skaddr, 16);
	strbuf_append_char(out, '"');
}

static void append_owner(struct strbuf *out, const struct owner *owner)
{
	bool known = owner->source != OWNER_UNKNOWN;

	strbuf_append_literal(out, ",\"pid\":");
	append_known_u64(out, known, owner->pid);
	strbuf_append_literal(out, ",\"comm\":");
	if (known) {
		strbuf_append_char(out, '"');
		escape_json(out, owner->comm, escape_field_length(owner->comm, sizeof(owner->comm)));
		strbuf_append_char(out, '"');
	} else {
		strbuf_append_literal(out, "null");
	}
	strbuf_append_literal(out, ",\"owner\":\"");
	strbuf_append_string(out, owner_source_name(owner->source));
	strbuf_append_char(out, '"');
}

static void append_uid(struct strbuf *out, uint32_t uid)
{
	strbuf_append_literal(out, ",\"uid\":");
	append_known_u64(out, uid != UID_UNKNOWN, uid);
}

static void append_scope(struct strbuf *out, const struct transition *event)
{
	const struct owner *owner = &event->owner;

	strbuf_append_literal(out, ",\"netns\":");
	append_known_u64(out, event->netns, event->netns);
	strbuf_append_literal(out, ",\"cgroup_id\":");
	append_known_u64(out, owner->source != OWNER_UNKNOWN && owner->cgroup_id, owner->cgroup_id);
}

static void append_tuple(struct strbuf *out, const struct transition *event)
{
	strbuf_append_literal(out, ",\"family\":");
	strbuf_append_u64(out, event->ip_version);
	strbuf_append_literal(out, ",\"laddr\":\"");
	address_format(out, event->ip_version, event->laddr);
	strbuf_append_literal(out, "\",\"lport\":");
	strbuf_append_u64(out, event->lport);
	strbuf_append_literal(out, ",\"raddr\":\"");
	address_format(out, event->ip_version, event->raddr);
	strbuf_append_literal(out, "\",\"rport\":");
	strbuf_append_u64(out, event->rport);
}

static void append_change(struct strbuf *out, const struct transition *event)
{
	strbuf_append_literal(out, ",\"oldstate\":\"");
	tcp_state_format(out, event->oldstate);
	strbuf_append_literal(out, "\",\"newstate\":\"");
	tcp_state_format(out, event->newstate);
	strbuf_append_literal(out, "\",\"duration_us\":");
	if (event->duration_ns == DURATION_UNKNOWN || event->flags & TRANSITION_AT_LEAST)
		strbuf_append_literal(out, "null");
	else
		duration_format_us(out, event->duration_ns);
}

/* Fields that not every row has. */
static void append_story(struct strbuf *out, const struct transition *event)
{
	const char *cause = cause_name(event->cause);

	if (event->duration_ns != DURATION_UNKNOWN && event->flags & TRANSITION_AT_LEAST) {
		strbuf_append_literal(out, ",\"at_least_us\":");
		duration_format_us(out, event->duration_ns);
	}
	if (event->syn_retrans != SYN_RETRANS_NONE) {
		strbuf_append_literal(out, ",\"syn_retrans\":");
		strbuf_append_u64(out, event->syn_retrans);
	}
	strbuf_append_literal(out, ",\"cause\":");
	if (!cause) {
		strbuf_append_literal(out, "null");
		return;
	}
	strbuf_append_char(out, '"');
	strbuf_append_string(out, cause);
	strbuf_append_char(out, '"');
}

void json_socket(struct strbuf *out, const struct transition *event)
{
	append_identity(out, event);
	append_owner(out, &event->owner);
	append_uid(out, event->uid);
	append_scope(out, event);
	append_tuple(out, event);
}

void json_transition(struct strbuf *out, const struct transition *event, const struct timebase *base)
{
	strbuf_append_literal(out, "{\"v\":1,\"type\":\"transition\",\"time\":\"");
	timestamp_format_utc(out, base, event->time_ns);
	json_socket(out, event);
	append_change(out, event);
	append_story(out, event);
	strbuf_append_literal(out, "}\n");
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
	if (names->asked & NAMES_CGROUP) {
		json_name(out, "cgroup", names->cgroup);
		json_name(out, "unit", names->unit);
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
