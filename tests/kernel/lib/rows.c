/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "rows.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "require.h"

/* The line that is being read, for the messages. */
struct line {
	uint64_t number;
	const char *text;
	json_t *object;
};

static json_t *member(const struct line *line, const char *key)
{
	json_t *value = json_object_get(line->object, key);

	require(value, "line %llu has no \"%s\": %s", (unsigned long long)line->number, key, line->text);
	return value;
}

static const char *text_of(const struct line *line, const char *key)
{
	const char *text = json_string_value(member(line, key));

	require(text, "line %llu: \"%s\" is no string: %s", (unsigned long long)line->number, key, line->text);
	return text;
}

static uint64_t number_of(const struct line *line, const char *key)
{
	const json_t *value = member(line, key);

	require(json_is_integer(value) && json_integer_value(value) >= 0, "line %llu: \"%s\" is no such number: %s",
		(unsigned long long)line->number, key, line->text);
	return (uint64_t)json_integer_value(value);
}

static uint64_t number_or_null(const struct line *line, const char *key)
{
	return json_is_null(member(line, key)) ? 0 : number_of(line, key);
}

/* 2026-11-22T12:31:49.123456Z */
static int64_t parse_time(const struct line *line)
{
	const char *text = text_of(line, "time");
	struct tm tm = {0};
	unsigned int us = 0;
	int length = 0;
	const char *fraction = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);

	require(fraction && sscanf(fraction, ".%6uZ%n", &us, &length) == 1 && length == 8 && !fraction[length],
		"line %llu: no such time: %s", (unsigned long long)line->number, text);
	return (int64_t)timegm(&tm) * (int64_t)NS_PER_SEC + (int64_t)us * 1000;
}

static void parse_tuple(const struct line *line, struct tuple *tuple)
{
	int family;

	memset(tuple, 0, sizeof(*tuple));
	tuple->ip_version = (uint8_t)number_of(line, "family");
	tuple->lport = (uint16_t)number_of(line, "lport");
	tuple->rport = (uint16_t)number_of(line, "rport");
	require(tuple->ip_version == 4 || tuple->ip_version == 6, "no such family: %s", line->text);
	family = tuple->ip_version == 6 ? AF_INET6 : AF_INET;
	require(inet_pton(family, text_of(line, "laddr"), tuple->laddr) == 1, "no address: %s", line->text);
	require(inet_pton(family, text_of(line, "raddr"), tuple->raddr) == 1, "no address: %s", line->text);
}

static void parse_owner(const struct line *line, struct row *row)
{
	static const char *const sources[] = {"connect",  "listen", "accept", "use",
					      "listener", "seed",   "kernel", "unknown"};
	const json_t *comm = member(line, "comm"), *pid_host = json_object_get(line->object, "pid_host");
	bool known = false;

	snprintf(row->owner, sizeof(row->owner), "%s", text_of(line, "owner"));
	for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++)
		known |= !strcmp(sources[i], row->owner);
	require(known, "no such owner: %s", line->text);
	row->pid = json_is_null(member(line, "pid")) ? -1 : (int)number_of(line, "pid");
	row->has_comm = !json_is_null(comm);
	if (row->has_comm)
		snprintf(row->comm, sizeof(row->comm), "%s", text_of(line, "comm"));
	row->pid_host = pid_host ? (int)number_of(line, "pid_host") : -1;
	require(row->pid < 0 || row->pid_host < 0, "two pids: %s", line->text);
	require(!strcmp(row->owner, "unknown") == (row->pid < 0 && row->pid_host < 0),
		"a pid without an owner or the reverse: %s", line->text);
	row->cgroup_id = number_or_null(line, "cgroup_id");
}

/* Why, how often, and at least how long: members that not every row has. */
static void parse_story(const struct line *line, struct row *row)
{
	const json_t *at_least = json_object_get(line->object, "at_least_us");
	const json_t *syn_retrans = json_object_get(line->object, "syn_retrans");

	if (!json_is_null(member(line, "cause")))
		snprintf(row->cause, sizeof(row->cause), "%s", text_of(line, "cause"));
	require(!row->cause[0] || row->change.newstate == state_number("CLOSE"), "a cause of what is no end: %s",
		line->text);
	row->uid = json_is_null(member(line, "uid")) ? -1 : (int64_t)number_of(line, "uid");
	row->syn_retrans = syn_retrans ? (int)number_of(line, "syn_retrans") : -1;
	row->has_at_least = at_least;
	if (!at_least)
		return;
	require(json_is_number(at_least) && json_number_value(at_least) >= 0 && !row->has_duration, "at_least_us: %s",
		line->text);
	row->at_least_us = json_number_value(at_least);
}

/* The interface that a socket is bound to, and the zone of a link-local address. */
static void parse_interface(const struct line *line, struct row *row)
{
	const json_t *zone = json_object_get(line->object, "zone");

	row->ifindex = json_object_get(line->object, "ifindex") ? (int64_t)number_or_null(line, "ifindex") : -1;
	if (zone && !json_is_null(zone))
		snprintf(row->zone, sizeof(row->zone), "%s", text_of(line, "zone"));
	require(!zone || !row->zone[0] == !row->ifindex, "a zone without a number or the reverse: %s", line->text);
}

static void parse_row(const struct line *line, struct row *row)
{
	const json_t *duration = member(line, "duration_us");
	char *end;

	memset(row, 0, sizeof(*row));
	require(number_of(line, "v") == 1 && !strcmp(text_of(line, "type"), "transition"), "not a transition: %s",
		line->text);
	row->line = line->number;
	row->wall_ns = parse_time(line);
	row->cookie = number_or_null(line, "cookie");
	row->netns = number_or_null(line, "netns");
	row->conn_seq = (uint32_t)number_of(line, "conn_seq");
	row->change.skaddr = strtoull(text_of(line, "skaddr"), &end, 16);
	require(!*end, "no such skaddr: %s", line->text);
	row->change.oldstate = state_number(text_of(line, "oldstate"));
	row->change.newstate = state_number(text_of(line, "newstate"));
	require(row->change.oldstate && row->change.newstate, "no such state: %s", line->text);
	parse_tuple(line, &row->change.tuple);
	parse_interface(line, row);
	parse_owner(line, row);
	row->has_duration = !json_is_null(duration);
	require(!row->has_duration || json_is_number(duration), "duration_us is no number: %s", line->text);
	row->duration_us = row->has_duration ? json_number_value(duration) : 0;
	require(row->duration_us >= 0, "a negative duration: %s", line->text);
	parse_story(line, row);
}

void rows_read(int fd, struct rows *ret_rows)
{
	struct rows rows = {0};
	size_t capacity = 0, size = 0;
	char *text = NULL;
	FILE *file;
	ssize_t length;

	require(lseek(fd, 0, SEEK_SET) == 0, "cannot read the output again");
	file = fdopen(dup(fd), "r");
	require(file, "cannot read the output");
	while ((length = getline(&text, &size, file)) > 0) {
		json_error_t error;
		struct line line = {.number = rows.count + 1, .text = text};

		require(text[length - 1] == '\n', "line %zu is not whole: %s", rows.count + 1, text);
		line.object = json_loadb(text, (size_t)length, JSON_REJECT_DUPLICATES, &error);
		require(json_is_object(line.object), "line %zu is not JSON: %s: %s", rows.count + 1, error.text, text);
		if (rows.count == capacity) {
			capacity = capacity ? 2 * capacity : 256;
			rows.items = reallocate(rows.items, capacity * sizeof(*rows.items));
		}
		parse_row(&line, &rows.items[rows.count++]);
		json_decref(line.object);
	}
	free(text);
	fclose(file);
	*ret_rows = rows;
}

void rows_free(struct rows *rows)
{
	free(rows->items);
	*rows = (struct rows){0};
}

const struct row *rows_find(const struct rows *rows, uint16_t port, const char *oldstate, const char *newstate,
			    const struct row *from)
{
	const struct row *end = rows->items + rows->count;

	for (const struct row *row = from ? from : rows->items; row < end; row++)
		if (tuple_has_port(&row->change.tuple, &port, 1) && row->change.oldstate == state_number(oldstate) &&
		    row->change.newstate == state_number(newstate))
			return row;
	return NULL;
}

const struct row *rows_next(const struct rows *rows, const struct row *row)
{
	const struct row *end = rows->items + rows->count;

	for (const struct row *next = row + 1; next < end; next++)
		if (next->change.skaddr == row->change.skaddr)
			return next;
	return NULL;
}

static bool is_birth(const struct change *change)
{
	return change->newstate == state_number("SYN_RECV") && change->oldstate != state_number("SYN_SENT");
}

bool rows_is_late_twin(const struct rows *rows, const struct row *row)
{
	const struct row *birth = NULL;

	for (const struct row *other = rows->items; other <= row; other++)
		if (other->change.skaddr == row->change.skaddr &&
		    (other->change.oldstate == state_number("CLOSE") || is_birth(&other->change)))
			birth = is_birth(&other->change) ? other : NULL;
	for (const struct row *other = rows->items; birth && other < birth; other++)
		if (is_birth(&other->change) &&
		    !memcmp(&other->change.tuple, &birth->change.tuple, sizeof(birth->change.tuple)))
			return true;
	return false;
}
