/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/live_group.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 64

/* The second part of a group's id: no conn_seq is that large. */
#define GROUP_ID (1ULL << 32)

void live_groups_close(struct live_groups *groups)
{
	group_table_close(&groups->names);
	free(groups->groups);
	*groups = (struct live_groups){.serial = groups->serial};
}

/* Makes room for one more group. Returns 0 or -ENOMEM. */
static int reserve(struct live_groups *groups)
{
	size_t room = groups->room ? 2 * groups->room : ROOM_MIN;
	struct live_group *more;

	if (groups->count < groups->room)
		return 0;
	more = realloc(groups->groups, room * sizeof(*more));
	if (!more)
		return -ENOMEM;
	groups->groups = more;
	groups->room = room;
	return 0;
}

static int open_groups(struct live_groups *groups, const struct labels *labels, const struct live_world *world)
{
	int error;

	live_groups_close(groups);
	error = group_table_open(GROUP_TABLE_MAX, labels_named_part(labels), &groups->names);
	if (!error)
		error = reserve(groups);
	if (error) {
		live_groups_close(groups);
		return error;
	}
	groups->labels = labels;
	groups->settings = group_settings_of(&labels->grouping, world ? world->ephemeral_first : 0,
					     world ? world->ephemeral_last : 0);
	groups->groups[0] = (struct live_group){.id = {0, GROUP_ID}, .place = LIVE_NO_PLACE};
	groups->count = 1;
	return 0;
}

/* Forgets the groups that are not shown, if they are the most or take the last places. Returns 0 or -ENOMEM: then all
 * are forgotten. */
static int forget_old(struct live_groups *groups)
{
	struct group_table names;
	size_t shown = 0, count = groups->count;
	int error;

	for (size_t i = 1; i < count; i++)
		shown += live_group_is_shown(&groups->groups[i]);
	if (shown + 1 == count || (count <= 2 * shown + ROOM_MIN && groups->names.count < GROUP_TABLE_MAX))
		return 0;
	error = group_table_open(GROUP_TABLE_MAX, groups->names.named_part, &names);
	groups->count = 1;
	for (size_t i = 1; !error && i < count; i++) {
		const struct group_entry *entry = &groups->names.groups[i - 1];
		int64_t at;

		if (!live_group_is_shown(&groups->groups[i]))
			continue;
		at = group_table_make(&names, &entry->key, entry->name, entry->name_length);
		error = at < 0 ? (int)at : 0;
		if (error)
			break;
		groups->groups[groups->count] = groups->groups[i];
		groups->groups[groups->count++].name = names.groups[at].name;
	}
	group_table_close(&groups->names);
	groups->names = names;
	if (error)
		live_groups_close(groups);
	return error;
}

int live_groups_begin(struct live_groups *groups, const struct labels *labels, const struct live_world *world)
{
	int error = groups->labels == labels ? forget_old(groups) : open_groups(groups, labels, world);

	groups->look++;
	for (size_t i = 0; !error && i < groups->count; i++)
		groups->groups[i].figures = (struct live_figures){};
	return error;
}

/* ---- the group of a connection ----------------------------------------------------------------------------------- */

/* Looks up the names of a group, and finds or makes it. Returns its index, 0 for all others, or -ENOMEM. */
static int64_t make(struct live_groups *groups, const struct live_world *world, const struct group_key *key,
		    const struct live_group *nameless)
{
	const struct names *names =
		world && world->names ? world->names(world->context, &groups->labels->grouping, key) : NULL;
	char text[LABELS_RAW_MAX];
	struct strbuf name = strbuf_over(text, sizeof(text));
	int64_t at;

	labels_join(&name, groups->labels, key, names);
	if (nameless && nameless->name_length == name.length && !memcmp(nameless->name, text, name.length))
		return nameless - groups->groups;
	at = reserve(groups);
	if (!at)
		at = group_table_make(&groups->names, key, text, name.length);
	if (at < 0)
		return at == -ENOSPC ? 0 : at;
	if ((size_t)++at == groups->count)
		groups->groups[groups->count++] = (struct live_group){.id = {++groups->serial, GROUP_ID},
								      .name = groups->names.groups[at - 1].name,
								      .name_length = name.length,
								      .place = LIVE_NO_PLACE};
	return at;
}

static bool lacks_name(const struct live_group *group)
{
	struct label_part parts[LABELS_MAX];
	size_t count = labels_split(group->name, group->name_length, parts);
	bool lacks = false;

	for (size_t i = 0; i < count; i++)
		lacks |= parts[i].known == LABEL_UNKNOWN;
	return lacks;
}

/* Returns the group of a connection, or NULL: no memory. */
static struct live_group *group_of(struct live_groups *groups, const struct live_world *world,
				   const struct connection *record)
{
	struct group_key key = group_key_of(&groups->settings, record);
	int64_t at = group_table_find(&groups->names, &key) + 1;

	/* A name that was not found may be found later: a cgroup or an interface is new. Once in each look is enough.
	 */
	if (at <= 0)
		at = make(groups, world, &key, NULL);
	else if (groups->groups[at].look != groups->look && lacks_name(&groups->groups[at]))
		at = make(groups, world, &key, &groups->groups[at]);
	if (at < 0)
		return NULL;
	groups->groups[at].look = groups->look;
	return &groups->groups[at];
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

struct group_key live_group_key(const struct live_groups *groups, const struct live_group *group)
{
	return group->name ? groups->names.groups[group - groups->groups - 1].key : (struct group_key){};
}
