/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The columns of a row: the defaults, and the list of -O. */
#include "core/column.h"

#include "core/parse.h"

#include <string.h>
#include <strings.h>

/* TIME(s) needs quotes in a shell, so -O and --help have ELAPSED. */
#define ELAPSED "ELAPSED"
#define NAMES                                                                                                          \
	"TIME," ELAPSED ",TIMESTAMP,SKADDR,COOKIE,SEQ,PID,COMM,OWNER,UID,CGROUP,NETNS,IP,LADDR,LPORT,RADDR,RPORT,"     \
	"OLDSTATE,NEWSTATE,MS,SYNRETRANS,CAUSE,STATE,SINCE,ATLEAST,CGPATH,UNIT,CONTAINER,POD,NETNSNAME"

const char *column_names(void)
{
	return NAMES;
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

struct column_list column_list_connections(enum column_style style, bool time, bool elapsed)
{
	static const uint8_t ids[] = {COLUMN_PID,   COLUMN_COMM,  COLUMN_IP,   COLUMN_LADDR,
				      COLUMN_LPORT, COLUMN_RADDR, COLUMN_RPORT};

	return list_of(ids, sizeof(ids), style, time, elapsed);
}

static bool word_is(const char *word, size_t length, const char *name)
{
	return strlen(name) == length && strncasecmp(word, name, length) == 0;
}

/* Returns COLUMN_COUNT for an unknown name. */
static enum column_id find_column(const char *word, size_t length)
{
	for (enum column_id id = 0; id < COLUMN_COUNT; id++) {
		if (word_is(word, length, column_table[id].name) ||
		    (id == COLUMN_ELAPSED && word_is(word, length, ELAPSED)))
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
			return parse_fail(error, "column", word, length, "named twice; name each column once");
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
		const char *name = column_table[list->ids[i]].name;

		if (stuck && is_of_transitions(list->ids[i]))
			return parse_fail(error, "column", name, strlen(name),
					  "only transitions have this column; --stuck has STATE, SINCE and ATLEAST");
		if (!stuck && list->ids[i] == COLUMN_STATE)
			return parse_fail(error, "column", name, strlen(name),
					  "only --stuck has this column; transitions have OLDSTATE and NEWSTATE");
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
