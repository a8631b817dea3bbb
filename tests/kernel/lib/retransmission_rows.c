/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "retransmission_rows.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "require.h"

/* The output of a test, and more. */
#define BUFFER_MAX (4 << 20)

static void copy_text(const json_t *row, const char *key, char *ret, size_t size, const char *line)
{
	const json_t *value = json_object_get(row, key);

	require(value && (json_is_string(value) || json_is_null(value)), "\"%s\" is no string: %s", key, line);
	snprintf(ret, size, "%s", json_is_null(value) ? "" : json_string_value(value));
}

static uint64_t number_of(const json_t *row, const char *key, const char *line)
{
	const json_t *value = json_object_get(row, key);

	require(json_is_integer(value) && json_integer_value(value) >= 0, "\"%s\" is no such number: %s", key, line);
	return (uint64_t)json_integer_value(value);
}

static uint64_t number_or(const json_t *row, const char *key, uint64_t unknown, const char *line)
{
	return json_is_null(json_object_get(row, key)) ? unknown : number_of(row, key, line);
}

static void parse(const char *line, struct retransmission_row *ret)
{
	json_t *row = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	char type[32];

	require(row, "no JSON: %s", line);
	copy_text(row, "type", type, sizeof(type), line);
	require(!strcmp(type, "retransmission"), "another type: %s", line);
	ret->cookie = number_or(row, "cookie", 0, line);
	ret->pid = (int)number_or(row, "pid", (uint64_t)-1, line);
	copy_text(row, "comm", ret->comm, sizeof(ret->comm), line);
	copy_text(row, "owner", ret->owner, sizeof(ret->owner), line);
	copy_text(row, "state", ret->state, sizeof(ret->state), line);
	copy_text(row, "kind", ret->kind, sizeof(ret->kind), line);
	ret->lport = (uint16_t)number_of(row, "lport", line);
	ret->rport = (uint16_t)number_of(row, "rport", line);
	ret->seq = (uint32_t)number_of(row, "seq", line);
	ret->bytes = (uint32_t)number_of(row, "bytes", line);
	ret->segments = (uint32_t)number_of(row, "segments", line);
	ret->retransmits = (uint32_t)number_of(row, "retransmits", line);
	json_decref(row);
}

void retransmission_rows_read(const struct tool *tool, struct retransmission_rows *ret)
{
	static char text[BUFFER_MAX];
	ssize_t length = pread(tool->out, text, sizeof(text) - 1, 0);
	char *line = text;

	require(length < (ssize_t)sizeof(text) - 1, "too many rows for the buffer");
	text[length > 0 ? length : 0] = '\0';
	ret->count = 0;
	for (char *end; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		require(ret->count < RETRANSMISSION_ROWS_MAX, "too many rows");
		parse(line, &ret->items[ret->count++]);
	}
}

uint64_t retransmission_rows_segments(const struct retransmission_rows *rows)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < rows->count; i++)
		sum += rows->items[i].segments;
	return sum;
}

size_t retransmission_rows_of(const struct retransmission_rows *rows, const char *kind,
			      const struct retransmission_row **ret)
{
	size_t count = 0;

	for (size_t i = 0; i < rows->count; i++) {
		if (kind && strcmp(rows->items[i].kind, kind))
			continue;
		if (!count++ && ret)
			*ret = &rows->items[i];
	}
	return count;
}
