/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "stuck_rows.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "require.h"

#define BUFFER_MAX (1 << 20)

/* 2026-11-22T12:31:49.123456Z */
static uint64_t parse_time(const char *text, const char *line)
{
	struct tm tm = {0};
	unsigned int us;
	const char *fraction = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;

	require(fraction && sscanf(fraction, ".%6uZ", &us) == 1, "no such time: %s", line);
	return (uint64_t)((int64_t)timegm(&tm) * (int64_t)NS_PER_SEC + (int64_t)us * 1000 - wall_offset_ns());
}

static struct stuck_row parse_row(const json_t *row, const char *line)
{
	const json_t *pid = json_object_get(row, "pid"), *since = json_object_get(row, "since");
	const json_t *duration = json_object_get(row, "duration_us"), *least = json_object_get(row, "at_least_us");
	struct stuck_row shown = {.time_ns = parse_time(json_string_value(json_object_get(row, "time")), line)};

	require(since && duration && json_is_null(since) == json_is_null(duration) && json_is_null(since) == !!least,
		"either since and duration_us, or at_least_us: %s", line);
	shown.pid = json_is_integer(pid) ? (int)json_integer_value(pid) : -1;
	snprintf(shown.owner, sizeof(shown.owner), "%s by %s", json_string_value(json_object_get(row, "comm")),
		 json_string_value(json_object_get(row, "owner")));
	shown.since_ns = json_is_null(since) ? 0 : parse_time(json_string_value(since), line);
	shown.age_ns = (uint64_t)(json_number_value(least ? least : duration) * 1000);
	return shown;
}

static bool is_about(const json_t *row, const struct stuck_victim *victim)
{
	const char *state = json_string_value(json_object_get(row, "state"));

	return json_integer_value(json_object_get(row, "lport")) == victim->lport &&
	       json_integer_value(json_object_get(row, "rport")) == victim->rport && !strcmp(state, victim->state);
}

size_t stuck_find_rows(const struct tool *tool, const struct stuck_victim *victim, struct stuck_row *ret_first,
		       struct stuck_row *ret_last)
{
	static char text[BUFFER_MAX];
	ssize_t length = pread(tool->out, text, sizeof(text) - 1, 0);
	size_t count = 0;
	char *line = text;

	text[length > 0 ? length : 0] = '\0';
	for (char *end; (end = strchr(line, '\n')); line = end + 1) {
		json_t *row;

		*end = '\0';
		row = json_loads(line, 0, NULL);
		require(row && !strcmp(json_string_value(json_object_get(row, "type")), "stuck"), "no such row: %s",
			line);
		if (is_about(row, victim)) {
			*ret_last = parse_row(row, line);
			if (!count++)
				*ret_first = *ret_last;
		}
		json_decref(row);
	}
	return count;
}

struct stuck_row stuck_wait_for_row(const struct tool *tool, const struct stuck_victim *victim, uint64_t after_ns)
{
	uint64_t deadline = now_ns() + 10 * NS_PER_SEC;
	struct stuck_row first, last;

	while (!stuck_find_rows(tool, victim, &first, &last) || last.time_ns <= after_ns) {
		require(now_ns() < deadline, "no row says that one is in %s: %s", victim->state, tool_errors(tool));
		sleep_ms(10);
	}
	return last;
}
