/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/scope_match.h"

#include "abi/connection.h"

#include <string.h>

/* The verdict of a list of prefixes on an address. An entry with a zone decides before all others, then the longest. */
struct decision {
	int rank; /* 0: no entry yet */
	uint8_t length;
	uint8_t sense;
};

enum {
	RANK_ANY_ZONE = 1,
	RANK_ZONE,
	RANK_ZONE_OF_NETNS
};

/* `sense` is that of a value's entry, 0 if there is none. `list`: bits of enum scope_sense. */
static bool admits(uint8_t list, uint8_t sense)
{
	return sense ? sense & SCOPE_WANTED : !(list & SCOPE_WANTED);
}

/* Returns the sense of a listed number, or 0. */
static uint8_t sense_of_number(const struct scope *scope, enum scope_kind kind, uint64_t value)
{
	for (uint32_t i = 0; i < scope->number_count; i++)
		if (scope->numbers[i].number.kind == kind && scope->numbers[i].number.value == value)
			return scope->numbers[i].sense;
	return 0;
}

static bool admits_number(const struct scope *scope, enum scope_kind kind, uint64_t value)
{
	uint8_t list = scope->settings.numbers[kind];

	return !list || admits(list, sense_of_number(scope, kind, value));
}

/* ---- addresses --------------------------------------------------------------------------------------------------- */

static bool covers(const struct prefix *prefix, uint8_t ip_version, const uint8_t address[16])
{
	unsigned int whole = prefix->length / 8, rest = prefix->length % 8;
	uint8_t mask = (uint8_t) ~(0xffU >> rest);

	if (prefix->ip_version != ip_version || memcmp(prefix->bytes, address, whole) != 0)
		return false;
	return !rest || (address[whole] & mask) == prefix->bytes[whole];
}

/* Returns the rank of an entry for a socket in this zone; 0: the entry is for another zone. */
static int rank_of(const struct scope *scope, const struct prefix *prefix, const struct transition *record,
		   const uint8_t address[16])
{
	if (!prefix->zone[0] && !prefix->ifindex)
		return RANK_ANY_ZONE;
	if (!zone_applies(record->ip_version, address) || !record->ifindex)
		return 0;
	if (!prefix->zone[0])
		return prefix->ifindex == record->ifindex ? RANK_ZONE : 0;
	for (uint32_t i = 0; i < scope->zone_count; i++) {
		const struct scope_zone *zone = &scope->zones[i];

		if (zone->ifindex == record->ifindex && zone->netns == record->netns &&
		    !strcmp(zone->name, prefix->zone))
			return RANK_ZONE_OF_NETNS;
	}
	return 0;
}

static void decide(const struct scope *scope, const struct prefix_list *list, uint8_t sense,
		   const struct transition *record, const uint8_t address[16], struct decision *decision)
{
	for (uint32_t i = 0; i < list->count; i++) {
		const struct prefix *prefix = &list->prefixes[i];
		int rank = covers(prefix, record->ip_version, address) ? rank_of(scope, prefix, record, address) : 0;

		if (!rank || rank < decision->rank || (rank == decision->rank && prefix->length < decision->length))
			continue;
		*decision = (struct decision){.rank = rank, .length = prefix->length, .sense = sense};
	}
}

static bool admits_address(const struct scope *scope, uint8_t senses, const struct prefix_list lists[2],
			   const struct transition *record, const uint8_t address[16])
{
	struct decision decision = {0};

	if (!senses)
		return true;
	decide(scope, &lists[0], SCOPE_WANTED, record, address, &decision);
	decide(scope, &lists[1], SCOPE_UNWANTED, record, address, &decision);
	return admits(senses, decision.sense);
}

static bool admits_socket(const struct scope *scope, const struct transition *record)
{
	const struct scope_settings *settings = &scope->settings;

	if (settings->ip_version && record->ip_version != settings->ip_version)
		return false;
	if (settings->by_lport && !port_set_has(&settings->lports, record->lport))
		return false;
	if (settings->by_rport && !port_set_has(&settings->rports, record->rport))
		return false;
	return admits_address(scope, settings->laddrs, scope->laddrs, record, record->laddr) &&
	       admits_address(scope, settings->raddrs, scope->raddrs, record, record->raddr) &&
	       admits_number(scope, SCOPE_NETNS, record->netns);
}

/* ---- the owner --------------------------------------------------------------------------------------------------- */

/* The nearest listed cgroup decides, the owner's own or an ancestor. */
static bool admits_cgroup(const struct scope *scope, const struct scope_subject *subject)
{
	uint64_t own = subject->record->owner.cgroup_id;
	const uint64_t *ids = subject->cgroup_count ? subject->cgroups : &own;
	size_t count = subject->cgroup_count ? subject->cgroup_count : 1;
	uint8_t list = scope->settings.numbers[SCOPE_CGROUP], sense = 0;

	for (size_t i = 0; list && !sense && i < count; i++)
		sense = ids[i] ? sense_of_number(scope, SCOPE_CGROUP, ids[i]) : 0;
	return !list || admits(list, sense);
}

static bool admits_comm(const struct scope_settings *settings, const char comm[OWNER_COMM_LEN])
{
	uint64_t matched = settings->comms ? glob_match(&settings->comm_globs, comm) : 0;

	if (matched & settings->comm_globs.unwanted)
		return false;
	return !(settings->comms & SCOPE_WANTED) || matched & settings->comm_globs.wanted;
}

static bool admits_owner(const struct scope *scope, const struct scope_subject *subject)
{
	const struct scope_settings *settings = &scope->settings;
	const struct owner *owner = &subject->record->owner;

	if (owner->source == OWNER_UNKNOWN)
		return !settings->tree.tgid &&
		       !((settings->numbers[SCOPE_PID] | settings->numbers[SCOPE_CGROUP] | settings->comms) &
			 SCOPE_WANTED);
	if (settings->tree.tgid && !owner->in_tree)
		return false;
	return admits_number(scope, SCOPE_PID, owner->pid) && admits_comm(settings, owner->comm) &&
	       admits_cgroup(scope, subject);
}

/* ---- the row ----------------------------------------------------------------------------------------------------- */

static bool admits_states(const struct scope_settings *settings, const struct transition *record)
{
	/* A duration is that of the old state: with a duration filter, only the old state counts. */
	uint32_t touched =
		1U << (record->oldstate & 31) | (settings->min_duration_ns ? 0 : 1U << (record->newstate & 31));

	if (settings->states_wanted && !(touched & settings->states_wanted))
		return false;
	return !(touched & settings->states_unwanted);
}

static bool admits_duration(const struct scope_settings *settings, const struct transition *record)
{
	return !settings->min_duration_ns ||
	       (record->duration_ns != DURATION_UNKNOWN && record->duration_ns >= settings->min_duration_ns);
}

bool scope_match(const struct scope *scope, const struct scope_subject *subject)
{
	const struct scope_settings *settings = &scope->settings;
	const struct transition *record = subject->record;

	if (!admits_socket(scope, record) || !admits_states(settings, record) || !admits_duration(settings, record))
		return false;
	if (settings->causes && !(settings->causes >> (subject->cause & 31) & 1))
		return false;
	if (settings->roles && !(settings->roles >> (subject->role & 7) & 1))
		return false;
	return admits_number(scope, SCOPE_UID, record->uid) && admits_owner(scope, subject);
}
