/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "replay/record.h"

#include "core/cause.h"
#include "core/owner.h"
#include "core/retransmission_column.h"
#include "core/zone.h"
#include "replay/value.h"

#include <errno.h>
#include <string.h>

static const char *const types[RECORD_TYPES] = {
	[RECORD_TRANSITION] = "transition",
	[RECORD_CONNECTION] = "connection",
	[RECORD_RETRANSMISSION] = "retransmission",
	[RECORD_STUCK] = "stuck",
	[RECORD_LISTENER] = "listener",
	[RECORD_LOOK] = "look",
	[RECORD_LIVE] = "live",
	[RECORD_LIVE_GROUP] = "live-group",
	[RECORD_SUMMARY] = "summary",
	[RECORD_SUM] = "sum",
	[RECORD_RTT] = "rtt",
};

const char *record_type_name(enum record_type type)
{
	return types[type];
}

int record_type_of(struct members *members, enum record_type *ret)
{
	const struct value *type = &members->values[MEMBER_TYPE], *version = &members->values[MEMBER_V];
	enum record_type i = 0;

	if (value_must_be_known(members, MEMBER_TYPE) && type->kind != VALUE_STRING)
		members_fail(members, FAULT_VALUE, MEMBER_TYPE, "not a string");
	if (value_must_be_known(members, MEMBER_V) &&
	    (version->kind != VALUE_NUMBER || version->length != 1 || version->bytes[0] != '1'))
		members_fail(members, FAULT_VALUE, MEMBER_V, "this version of the tool reads only 1");
	if (members->error.fault)
		return -EINVAL;
	while (i < RECORD_NOTE &&
	       (strlen(types[i]) != type->length || memcmp(types[i], type->bytes, type->length) != 0))
		i++;
	*ret = i;
	return 0;
}

static const char *owner_word(unsigned int source)
{
	return owner_source_name(source);
}

static void read_owner(struct members *members, struct owner *owner)
{
	owner->source = value_word(members, MEMBER_OWNER, owner_word, OWNER_SOURCES);
	if (owner->source == OWNER_UNKNOWN)
		return;
	/* A number of another pid namespace is never shown: any one will do without pid_host. */
	if (value_is_known(members, MEMBER_PID))
		owner->pid = (uint32_t)value_number(members, MEMBER_PID, OWNER_PID_OUTSIDE - 1);
	else
		owner->pid = (uint32_t)value_number_or(members, MEMBER_PID_HOST, OWNER_PID_OUTSIDE - 1, 0) |
			     OWNER_PID_OUTSIDE;
	value_field(members, MEMBER_COMM, owner->comm, sizeof(owner->comm));
	owner->cgroup_id = value_number_or(members, MEMBER_CGROUP_ID, UINT64_MAX, 0);
}

static void read_tuple(struct members *members, struct transition *event)
{
	uint64_t family = value_number(members, MEMBER_FAMILY, UINT8_MAX);

	if (family != 4 && family != 6)
		members_fail(members, FAULT_VALUE, MEMBER_FAMILY, "not 4 or 6");
	event->ip_version = (uint8_t)family;
	value_address(members, MEMBER_LADDR, event->ip_version, event->laddr);
	value_address(members, MEMBER_RADDR, event->ip_version, event->raddr);
	event->lport = (uint16_t)value_number(members, MEMBER_LPORT, UINT16_MAX);
	event->rport = (uint16_t)value_number(members, MEMBER_RPORT, UINT16_MAX);
	event->ifindex = (uint32_t)value_number_or(members, MEMBER_IFINDEX, INT32_MAX, 0);
	event->mptcp_token = (uint32_t)value_hex_or_0(members, MEMBER_MPTCP_TOKEN, 8);
}

static void read_socket(struct members *members, struct transition *event)
{
	event->time_ns = value_time(members, MEMBER_TIME);
	event->cookie = value_number_or(members, MEMBER_COOKIE, UINT64_MAX, 0);
	event->conn_seq = (uint32_t)value_number(members, MEMBER_CONN_SEQ, UINT32_MAX);
	event->skaddr = value_hex(members, MEMBER_SKADDR, 16);
	read_owner(members, &event->owner);
	event->uid = (uint32_t)value_number_or(members, MEMBER_UID, UID_UNKNOWN - 1, UID_UNKNOWN);
	event->netns = (uint32_t)value_number_or(members, MEMBER_NETNS, UINT32_MAX, 0);
	read_tuple(members, event);
}

static bool has(const struct members *members, enum member member)
{
	return members->values[member].kind != VALUE_ABSENT;
}

static void read_names(struct members *members, struct names *names)
{
	*names = (struct names){
		.asked = (has(members, MEMBER_CGROUP) ? NAMES_CGROUP : 0) |
			 (has(members, MEMBER_NETNS_NAME) ? NAMES_NETNS : 0) |
			 (has(members, MEMBER_LSERVICE) ? NAMES_SERVICES : 0),
		.zone = value_name(members, MEMBER_ZONE, ZONE_NAME_MAX),
		.cgroup = value_name(members, MEMBER_CGROUP, RECORD_NAMES_MAX),
		.unit = value_name(members, MEMBER_UNIT, RECORD_NAMES_MAX),
		.container = value_name(members, MEMBER_CONTAINER, RECORD_NAMES_MAX),
		.pod = value_name(members, MEMBER_POD, RECORD_NAMES_MAX),
		.netns = value_name(members, MEMBER_NETNS_NAME, RECORD_NAMES_MAX),
		.lservice = value_name(members, MEMBER_LSERVICE, RECORD_NAMES_MAX),
		.rservice = value_name(members, MEMBER_RSERVICE, RECORD_NAMES_MAX),
	};
	if (names_length(names) > RECORD_NAMES_MAX)
		members_fail(members, FAULT_VALUE, MEMBER_CGROUP, "the names are too long");
}

static const char *cause_word(unsigned int cause)
{
	return cause_name(cause);
}

static uint8_t read_cause(struct members *members)
{
	return value_is_known(members, MEMBER_CAUSE) ? value_word(members, MEMBER_CAUSE, cause_word, CAUSES)
						     : CAUSE_NONE;
}

static void read_transition(struct members *members, struct record *record)
{
	struct transition *event = &record->transition;

	event->oldstate = value_state(members, MEMBER_OLDSTATE);
	event->newstate = value_state(members, MEMBER_NEWSTATE);
	event->duration_ns = value_ns_or(members, MEMBER_DURATION_US, DURATION_UNKNOWN);
	if (event->duration_ns == DURATION_UNKNOWN && value_is_known(members, MEMBER_AT_LEAST_US)) {
		event->duration_ns = value_ns(members, MEMBER_AT_LEAST_US);
		event->flags = TRANSITION_AT_LEAST;
	}
	event->syn_retrans =
		(uint8_t)value_number_or(members, MEMBER_SYN_RETRANS, SYN_RETRANS_NONE - 1, SYN_RETRANS_NONE);
	event->cause = record->cause = read_cause(members);
}

static const char *kind_word(unsigned int kind)
{
	const struct label *label = retransmission_kind_label(kind);

	return label->length ? label->text : NULL;
}

static void read_retransmission(struct members *members, struct record *record)
{
	struct retransmission *retransmission = &record->retransmission;
	struct transition *socket = &retransmission->socket;

	socket->oldstate = socket->newstate = value_state(members, MEMBER_STATE);
	socket->duration_ns = DURATION_UNKNOWN;
	socket->syn_retrans = SYN_RETRANS_NONE;
	socket->flags = TRANSITION_SCAN;
	retransmission->kind = value_is_known(members, MEMBER_KIND)
				       ? value_word(members, MEMBER_KIND, kind_word, RETRANSMISSION_KINDS)
				       : RETRANSMISSION_UNKNOWN;
	retransmission->seq = (uint32_t)value_number(members, MEMBER_SEQ, UINT32_MAX);
	retransmission->bytes = (uint32_t)value_number(members, MEMBER_BYTES, UINT32_MAX);
	retransmission->segments = (uint32_t)value_number(members, MEMBER_SEGMENTS, UINT32_MAX);
	retransmission->total = (uint32_t)value_number(members, MEMBER_RETRANSMITS, UINT32_MAX);
}

int record_read(struct members *members, enum record_type type, struct record *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->type = type;
	read_socket(members, &ret->transition);
	read_names(members, &ret->names);
	if (type == RECORD_TRANSITION)
		read_transition(members, ret);
	else if (type == RECORD_CONNECTION)
		record_read_connection(members, ret);
	else
		read_retransmission(members, ret);
	return members->error.fault ? -EINVAL : 0;
}

void record_set_clocks(const struct record *record, int32_t utc_offset_s, struct clock_history *clocks)
{
	clocks->count = 0;
	clocks->newest = (struct clock_point){.utc_offset_s = utc_offset_s};
	if (!record->start_offset_ns)
		return;
	clocks->count = 1;
	clocks->older[0] = (struct clock_point){.realtime_offset_ns = record->start_offset_ns};
	clocks->newest.from_ns = record->transition.time_ns;
}
