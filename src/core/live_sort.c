/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/live_sort.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

bool live_column_applies(int column, enum live_by by)
{
	if (by == LIVE_LISTENERS)
		return column >= LIVE_COLUMNS || column <= LIVE_COLUMN_LOCAL;
	switch (column) {
	case LIVE_COLUMN_PID:
	case LIVE_COLUMN_LOCAL:
	case LIVE_COLUMN_REMOTE:
	case LIVE_COLUMN_STATE:
	case LIVE_COLUMN_AGE:
		return by == LIVE_BY_CONNECTION;
	case LIVE_COLUMN_CONNECTIONS:
		return by != LIVE_BY_CONNECTION;
	default:
		return true;
	}
}

bool live_column_descends(enum live_column column)
{
	return column == LIVE_COLUMN_AGE || (column >= LIVE_COLUMN_CONNECTIONS && column != LIVE_COLUMN_LIMIT);
}

/* Eight bytes as a number that sorts as the bytes do. */
static uint64_t word_at(const void *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return be64toh(word);
}

static struct live_key key_of_address(const struct transition *record, const uint8_t address[16], uint16_t port)
{
	return (struct live_key){{record->ip_version, word_at(address), word_at(address + 8), port}, false};
}

static struct live_key key_of_owner(const struct owner *owner, enum live_column column)
{
	if (owner->source == OWNER_UNKNOWN)
		return (struct live_key){.is_unknown = true};
	if (column == LIVE_COLUMN_PID)
		return (struct live_key){.parts = {owner->pid}};
	return (struct live_key){.parts = {word_at(owner->comm), word_at(owner->comm + 8), owner->pid}};
}

/* Keeps the number while the value is between two thirds and three halves of it. */
static uint64_t steady(uint64_t *kept, uint64_t value, bool anew)
{
	if (anew || !value != !*kept || value / 3 > *kept / 2 || *kept / 3 > value / 2)
		*kept = value;
	return *kept;
}

static bool is_number(enum live_column column)
{
	return column >= LIVE_COLUMN_CONNECTIONS && column < LIVE_COLUMN_LIMIT;
}

/* Returns false if the number is unknown. */
static bool number_of(const struct live_figures *figures, enum live_column column, bool totals, uint64_t *ret)
{
	switch (column) {
	case LIVE_COLUMN_IN:
	case LIVE_COLUMN_OUT:
		*ret = (totals ? figures->total : figures->rate)[column == LIVE_COLUMN_IN ? LIVE_IN : LIVE_OUT];
		return totals || figures->has_rate;
	case LIVE_COLUMN_RETRANS:
		*ret = (totals ? figures->total : figures->rate)[LIVE_RETRANS];
		return totals || figures->has_rate;
	case LIVE_COLUMN_RTT:
		*ret = live_figures_rtt_us(figures);
		return figures->rtt_count;
	case LIVE_COLUMN_RECV_QUEUE:
		*ret = figures->recv_queue;
		return true;
	case LIVE_COLUMN_SEND_QUEUE:
		*ret = figures->send_queue;
		return true;
	default:
		*ret = figures->connections;
		return true;
	}
}

static struct live_key key_of_figures(const struct live_figures *figures, enum live_column column, bool totals,
				      uint64_t *kept, bool anew)
{
	uint64_t value;

	if (column == LIVE_COLUMN_LIMIT) {
		enum limited_by limit = live_figures_limit(figures, totals);

		return (struct live_key){.parts = {limit}, .is_unknown = limit == LIMITED_UNKNOWN};
	}
	if (!number_of(figures, column, totals, &value))
		return (struct live_key){.is_unknown = true};
	return (struct live_key){.parts = {steady(kept, value, anew)}};
}

/* Since when the connection is in its state. The longest time has the greatest key. */
static struct live_key key_of_age(const struct transition *record)
{
	if (record->duration_ns == DURATION_UNKNOWN)
		return (struct live_key){.is_unknown = true};
	return (struct live_key){.parts = {~(record->time_ns - record->duration_ns)}};
}

struct live_key live_sort_row(struct live_row *row, enum live_column column, bool totals, bool anew)
{
	const struct transition *record = &row->now.end;

	switch (column) {
	case LIVE_COLUMN_NAME:
	case LIVE_COLUMN_PID:
		return key_of_owner(&record->owner, column);
	case LIVE_COLUMN_LOCAL:
		return key_of_address(record, record->laddr, record->lport);
	case LIVE_COLUMN_REMOTE:
		return key_of_address(record, record->raddr, record->rport);
	case LIVE_COLUMN_STATE:
		return (struct live_key){.parts = {record->newstate}};
	case LIVE_COLUMN_AGE:
		return key_of_age(record);
	default:
		return key_of_figures(&row->figures, column, totals, &row->sort_key, anew);
	}
}

/* Writes a value as bytes that sort as it does: ports and pids are numbers. */
static void append_value(struct strbuf *out, const struct name *value)
{
	static const char zeros[] = "0000000000";
	bool is_number = value->length < sizeof(zeros);

	for (size_t i = 0; i < value->length; i++)
		is_number &= value->bytes[i] >= '0' && value->bytes[i] <= '9';
	if (is_number)
		strbuf_append(out, zeros, sizeof(zeros) - 1 - value->length);
	for (size_t i = 0; i < value->length && out->length < out->capacity; i++)
		strbuf_append_char(out, value->bytes[i]);
	strbuf_append_char(out, '\0');
}

static struct live_key key_of_name(const struct live_group *group)
{
	struct live_key key = {};
	struct label_part parts[LABELS_MAX];
	size_t count = group->name ? labels_split(group->name, group->name_length, parts) : 0;
	char text[sizeof(key.parts)] = {0};
	struct strbuf out = strbuf_over(text, sizeof(text));

	for (size_t i = 0; i < count; i++)
		append_value(&out, &parts[i].value);
	for (size_t i = 0; i < sizeof(key.parts) / sizeof(key.parts[0]); i++)
		key.parts[i] = word_at(text + 8 * i);
	key.is_unknown = !count || parts[0].known != LABEL_KNOWN;
	return key;
}

struct live_key live_sort_group(struct live_group *group, enum live_column column, bool totals, bool anew)
{
	if (column == LIVE_COLUMN_LIMIT || is_number(column))
		return key_of_figures(&group->figures, column, totals, &group->sort_key, anew);
	return key_of_name(group);
}

static int compare(const struct live_sort_entry *a, const struct live_sort_entry *b, bool descends)
{
	if (a->key.is_unknown != b->key.is_unknown)
		return a->key.is_unknown ? 1 : -1;
	for (size_t i = 0; i < sizeof(a->key.parts) / sizeof(a->key.parts[0]); i++)
		if (a->key.parts[i] != b->key.parts[i])
			return (a->key.parts[i] < b->key.parts[i]) != descends ? -1 : 1;
	if (a->place != b->place)
		return a->place < b->place ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

static int compare_ascending(const void *a, const void *b)
{
	return compare(a, b, false);
}

static int compare_descending(const void *a, const void *b)
{
	return compare(a, b, true);
}

void live_sort(struct live_sort_entry *entries, size_t count, bool descends)
{
	if (count)
		qsort(entries, count, sizeof(*entries), descends ? compare_descending : compare_ascending);
}
