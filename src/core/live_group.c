/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/live_group.h"

#include "core/address.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 64

/* The name and the id of a group. */
struct label_of_group {
	struct live_id id;
	char name[LIVE_NAME_MAX + APPEND_SLACK];
	size_t length;
};

static void set_name(struct label_of_group *label, const char *bytes, size_t length)
{
	label->length = length < LIVE_NAME_MAX ? length : LIVE_NAME_MAX;
	memcpy(label->name, bytes, label->length);
}

static void label_process(const struct owner *owner, struct label_of_group *label)
{
	if (owner->source == OWNER_UNKNOWN)
		return;
	label->id = (struct live_id){.first = owner->pid, .second = 1};
	set_name(label, owner->comm, strnlen(owner->comm, sizeof(owner->comm)));
}

static void label_peer(const struct transition *record, struct label_of_group *label)
{
	size_t bits = record->ip_version == 4 ? LIVE_PREFIX_V4 : LIVE_PREFIX_V6;
	uint8_t prefix[16] = {0};
	struct strbuf out = strbuf_over(label->name, LIVE_NAME_MAX);

	memcpy(prefix, record->raddr, bits / 8);
	memcpy(&label->id.first, prefix, sizeof(label->id.first));
	label->id.second = record->ip_version;
	address_format(&out, record->ip_version, prefix);
	strbuf_append_char(&out, '/');
	strbuf_append_u64(&out, bits);
	label->length = out.length;
}

static struct name place_of(const struct names *names)
{
	return names->container.bytes ? names->container : names->unit.bytes ? names->unit : names->cgroup;
}

static void label_place(const struct live_world *world, const struct transition *record, struct label_of_group *label)
{
	const struct names *names = record->owner.source != OWNER_UNKNOWN && world && world->names
					    ? world->names(world->context, record)
					    : NULL;
	struct name place = names ? place_of(names) : (struct name){0};
	uint64_t hash = 0xcbf29ce484222325ULL; /* FNV-1a */

	if (!place.bytes)
		return;
	for (size_t i = 0; i < place.length; i++)
		hash = (hash ^ (uint8_t)place.bytes[i]) * 0x100000001b3ULL;
	label->id = (struct live_id){.first = hash, .second = 1};
	set_name(label, place.bytes, place.length);
}

static struct label_of_group label_of(enum live_by by, const struct live_world *world, const struct connection *record)
{
	struct label_of_group label = {.length = 0};

	if (by == LIVE_BY_PROCESS)
		label_process(&record->end.owner, &label);
	else if (by == LIVE_BY_PEER)
		label_peer(&record->end, &label);
	else if (by == LIVE_BY_PLACE)
		label_place(world, &record->end, &label);
	else
		label.id = (struct live_id){.first = record->end.cookie, .second = record->end.conn_seq};
	return label;
}

void live_groups_close(struct live_groups *groups)
{
	free(groups->groups);
	free(groups->buckets);
	*groups = (struct live_groups){};
}

static uint32_t *bucket_of(const struct live_groups *groups, struct live_id id)
{
	uint64_t hash = (id.first + id.second) * 0x9e3779b97f4a7c15ULL;

	return &groups->buckets[hash >> 32 & (groups->bucket_count - 1)];
}

static void fill_buckets(struct live_groups *groups)
{
	memset(groups->buckets, 0, groups->bucket_count * sizeof(*groups->buckets));
	for (size_t i = 0; i < groups->count; i++) {
		uint32_t *bucket = bucket_of(groups, groups->groups[i].id);

		groups->groups[i].next = *bucket;
		*bucket = (uint32_t)i + 1;
	}
}

/* Doubles the room. Returns 0 or -ENOMEM. */
static int grow(struct live_groups *groups)
{
	size_t room = groups->room ? 2 * groups->room : ROOM_MIN;
	struct live_group *entries = realloc(groups->groups, room * sizeof(*entries));
	uint32_t *buckets;

	if (!entries)
		return -ENOMEM;
	groups->groups = entries;
	buckets = calloc(room, sizeof(*buckets));
	if (!buckets)
		return -ENOMEM;
	free(groups->buckets);
	groups->buckets = buckets;
	groups->bucket_count = groups->room = room;
	fill_buckets(groups);
	return 0;
}

static struct live_group *find(const struct live_groups *groups, struct live_id id)
{
	uint32_t at = groups->bucket_count ? *bucket_of(groups, id) : 0;

	while (at && !live_id_equals(groups->groups[at - 1].id, id))
		at = groups->groups[at - 1].next;
	return at ? &groups->groups[at - 1] : NULL;
}

void live_groups_begin(struct live_groups *groups, enum live_by by)
{
	if (groups->by != by)
		groups->count = 0;
	groups->by = by;
	for (size_t i = 0; i < groups->count; i++)
		groups->groups[i].figures = (struct live_figures){};
	if (groups->bucket_count)
		fill_buckets(groups);
}

/* Returns the group of a connection, or NULL: no memory. */
static struct live_group *group_of(struct live_groups *groups, const struct live_world *world,
				   const struct connection *record)
{
	struct label_of_group label = label_of(groups->by, world, record);
	struct live_group *group = find(groups, label.id);

	if (!group) {
		uint32_t *bucket;

		if (groups->count == groups->room && grow(groups))
			return NULL;
		bucket = bucket_of(groups, label.id);
		group = &groups->groups[groups->count];
		*group = (struct live_group){.id = label.id, .place = LIVE_NO_PLACE, .next = *bucket};
		*bucket = (uint32_t)++groups->count;
	}
	/* A process may change its name. */
	memcpy(group->name, label.name, sizeof(group->name));
	group->name_length = label.length;
	group->owner = record->end.owner;
	return group;
}

int live_groups_add(struct live_groups *groups, const struct live_world *world, const struct live_row *row)
{
	struct live_group *group = group_of(groups, world, &row->now);

	if (!group)
		return -ENOMEM;
	live_figures_add(&group->figures, &row->figures);
	return 0;
}

int live_groups_add_end(struct live_groups *groups, const struct live_world *world, const struct live_end *end,
			uint64_t interval_ns)
{
	struct live_group *group;

	if (!end->counts[LIVE_IN] && !end->counts[LIVE_OUT] && !end->counts[LIVE_RETRANS])
		return 0;
	group = group_of(groups, world, &end->last);
	if (!group)
		return -ENOMEM;
	for (size_t i = 0; i < LIVE_COUNTERS; i++)
		group->figures.rate[i] += live_per_second(end->counts[i], interval_ns);
	group->figures.has_rate = true;
	return 0;
}

void live_groups_end(struct live_groups *groups)
{
	for (size_t i = groups->count; i-- > 0;)
		if (!groups->groups[i].figures.connections && !groups->groups[i].figures.has_rate)
			groups->groups[i] = groups->groups[--groups->count];
	if (groups->bucket_count)
		fill_buckets(groups);
}
