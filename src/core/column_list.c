/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The columns of a row: the defaults, and the list of -O. */
#include "core/column.h"

#include "core/parse.h"

#include <string.h>
#include <strings.h>

/* TIME(s) needs quotes in a shell, so -O and --help have ELAPSED. */
#define ELAPSED                  "ELAPSED"
#define LOCAL                    "TIME," ELAPSED ",TIMESTAMP,SKADDR,COOKIE,SEQ,PID,COMM,OWNER,UID,CGROUP,NETNS,IP,LADDR,LPORT,"
#define SOCKET                   LOCAL "RADDR,RPORT,"
#define PLACES                   "CGPATH,UNIT,CONTAINER,POD,NETNSNAME"
#define NAME(id, name, f, width) name ","
#define ROWS                     SOCKET "OLDSTATE,NEWSTATE,MS,SYNRETRANS,CAUSE,STATE,SINCE,ATLEAST," PLACES
#define CONNECTIONS              SOCKET "OLDSTATE," CONNECTION_COLUMNS(NAME) PLACES
#define RETRANSMITTED            SOCKET "STATE," RETRANSMISSION_COLUMNS(NAME) PLACES
#define LISTENERS                                                                                                      \
	LOCAL LISTENER_COLUMNS(NAME)                                                                                   \
	PLACES

static const char *const not_one[] = {
	[COLUMNS_OF_TRANSITIONS] = "not one of " ROWS,
	[COLUMNS_OF_STUCK] = "not one of " ROWS,
	[COLUMNS_OF_CONNECTIONS] = "not one of " CONNECTIONS,
	[COLUMNS_OF_RETRANSMISSIONS] = "not one of " RETRANSMITTED,
	[COLUMNS_OF_LISTENERS] = "not one of " LISTENERS,
};

const char *column_names(enum column_set set)
{
	return not_one[set] + strlen("not one of ");
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
	static const uint8_t text[] = {COLUMN_PID,   COLUMN_COMM,     COLUMN_IP,    COLUMN_LADDR,
				       COLUMN_LPORT, COLUMN_RADDR,    COLUMN_RPORT, COLUMN_TX_KB,
				       COLUMN_RX_KB, COLUMN_TOTAL_MS, COLUMN_END,   COLUMN_LIMIT};
	static const uint8_t csv[] = {COLUMN_PID,      COLUMN_COMM,    COLUMN_IP,      COLUMN_LADDR, COLUMN_LPORT,
				      COLUMN_RADDR,    COLUMN_RPORT,   COLUMN_ROLE,    COLUMN_TX,    COLUMN_RX,
				      COLUMN_TOTAL_MS, COLUMN_RETRANS, COLUMN_SRTT_US, COLUMN_END,   COLUMN_LIMIT};

	if (style == COLUMN_STYLE_CSV)
		return list_of(csv, sizeof(csv), style, time, elapsed);
	return list_of(text, sizeof(text), style, time, elapsed);
}

struct column_list column_list_retransmissions(enum column_style style, bool time, bool elapsed)
{
	static const uint8_t ids[] = {COLUMN_PID,   COLUMN_COMM,  COLUMN_IP,           COLUMN_LADDR, COLUMN_LPORT,
				      COLUMN_RADDR, COLUMN_RPORT, COLUMN_STATE,        COLUMN_KIND,  COLUMN_SEQNO,
				      COLUMN_BYTES, COLUMN_SEGS,  COLUMN_RETRANS_TOTAL};

	return list_of(ids, sizeof(ids), style, time, elapsed);
}

struct column_list column_list_listeners(enum column_style style, bool time, bool elapsed)
{
	static const uint8_t text[] = {COLUMN_PID,         COLUMN_COMM,    COLUMN_IP,          COLUMN_LADDR,
				       COLUMN_LPORT,       COLUMN_BACKLOG, COLUMN_BACKLOG_MAX, COLUMN_HIGHEST,
				       COLUMN_ACCEPT_RATE, COLUMN_DROPS,   COLUMN_HALF_OPEN,   COLUMN_COOKIES,
				       COLUMN_OVERFLOW};
	static const uint8_t csv[] = {COLUMN_TIMESTAMP, COLUMN_PID,         COLUMN_COMM,     COLUMN_IP,
				      COLUMN_LADDR,     COLUMN_LPORT,       COLUMN_BACKLOG,  COLUMN_BACKLOG_MAX,
				      COLUMN_HIGHEST,   COLUMN_ACCEPT_RATE, COLUMN_ACCEPTED, COLUMN_DROPPED,
				      COLUMN_DROPS,     COLUMN_HALF_OPEN,   COLUMN_COOKIES,  COLUMN_OVERFLOW};

	if (style == COLUMN_STYLE_CSV)
		return list_of(csv, sizeof(csv), style, time, elapsed);
	return list_of(text, sizeof(text), style, time, elapsed);
}

static bool word_is(const char *word, size_t length, const char *name)
{
	return strlen(name) == length && strncasecmp(word, name, length) == 0;
}

static bool is_of_connections(enum column_id id)
{
	return id <= COLUMN_OLDSTATE || (id >= COLUMN_CGPATH && id < COLUMN_KIND);
}

static bool is_of_retransmissions(enum column_id id)
{
	return id <= COLUMN_RPORT || id == COLUMN_STATE || (id >= COLUMN_CGPATH && id <= COLUMN_NETNSNAME) ||
	       (id >= COLUMN_KIND && id < COLUMN_BACKLOG);
}

static bool is_of_listeners(enum column_id id)
{
	return id <= COLUMN_LPORT || (id >= COLUMN_CGPATH && id <= COLUMN_NETNSNAME) || id >= COLUMN_BACKLOG;
}

static bool is_of_transitions(enum column_id id)
{
	return id == COLUMN_OLDSTATE || id == COLUMN_NEWSTATE || id == COLUMN_SYNRETRANS || id == COLUMN_CAUSE;
}

static bool is_in_set(enum column_id id, enum column_set set)
{
	if (set == COLUMNS_OF_CONNECTIONS)
		return is_of_connections(id);
	if (set == COLUMNS_OF_RETRANSMISSIONS)
		return is_of_retransmissions(id);
	if (set == COLUMNS_OF_LISTENERS)
		return is_of_listeners(id);
	if (id > COLUMN_NETNSNAME)
		return false;
	return set == COLUMNS_OF_STUCK ? !is_of_transitions(id) : id != COLUMN_STATE;
}

/* Returns the first column of this name, COLUMN_COUNT if there is none. `set`: of these rows; -1: of any. */
static enum column_id find_column(const char *word, size_t length, int set)
{
	for (enum column_id id = 0; id < COLUMN_COUNT; id++) {
		if ((set < 0 || is_in_set(id, (enum column_set)set)) &&
		    (word_is(word, length, column_table[id].name) ||
		     (id == COLUMN_ELAPSED && word_is(word, length, ELAPSED))))
			return id;
	}
	return COLUMN_COUNT;
}

/* Of rows that do not have a column that others have. */
static const char *const others[] = {
	[COLUMNS_OF_CONNECTIONS] = "-c does not have this column; it has OLDSTATE, MS and CAUSE",
	[COLUMNS_OF_RETRANSMISSIONS] = "--retransmits does not have this column; it has STATE, KIND and RETRANS",
	[COLUMNS_OF_LISTENERS] = "--listeners does not have this column; it has owner, local address and accept queue",
};

static int refuse(const char *word, size_t length, enum column_set set, struct parse_error *error)
{
	enum column_id id = find_column(word, length, -1);

	if (id == COLUMN_COUNT)
		return parse_fail(error, "column", word, length, not_one[set]);
	if (others[set])
		return parse_fail(error, "column", word, length, others[set]);
	if (id >= COLUMN_BACKLOG)
		return parse_fail(error, "column", word, length, "only --listeners has this column; add --listeners");
	if (id >= COLUMN_KIND)
		return parse_fail(error, "column", word, length,
				  "only --retransmits has this column; add --retransmits");
	if (id > COLUMN_NETNSNAME)
		return parse_fail(error, "column", word, length, "only -c has this column; add -c");
	if (set == COLUMNS_OF_STUCK)
		return parse_fail(error, "column", word, length,
				  "only transitions have this column; --stuck has STATE, SINCE and ATLEAST");
	return parse_fail(error, "column", word, length,
			  "only --stuck and --retransmits have this column; transitions have OLDSTATE and NEWSTATE");
}

int column_list_parse(const char *text, enum column_set set, struct column_list *ret, struct parse_error *error)
{
	struct column_list list = {};
	const char *word = text;

	for (;;) {
		size_t length = strcspn(word, ",");
		enum column_id id = find_column(word, length, (int)set);

		if (id == COLUMN_COUNT)
			return refuse(word, length, set, error);
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

void column_list_prepend(struct column_list *list, enum column_id id)
{
	if (memchr(list->ids, id, list->count))
		return;
	memmove(list->ids + 1, list->ids, list->count++);
	list->ids[0] = id;
}

void column_list_append_names(struct column_list *list)
{
	for (enum column_id id = COLUMN_CGPATH; id <= COLUMN_NETNSNAME; id++)
		list->ids[list->count++] = id;
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
