/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "rtt_report.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "require.h"

static const char *const statistic_names[RTT_STATISTICS] = {"mean", "jitter", "min",  "p50",
							    "p90",  "p99",    "p999", "max"};

uint32_t rtt_slot(uint64_t us, bool ms)
{
	return slot_of(ms ? us * 1024 / 1000 : us);
}

static const char *string_of(const json_t *line, const char *name)
{
	const char *text = json_string_value(json_object_get(line, name));

	require(text, "no string \"%s\"", name);
	return text;
}

static double number_of(const json_t *line, const char *name)
{
	const json_t *number = json_object_get(line, name);

	require(json_is_number(number), "no number \"%s\"", name);
	return json_number_value(number);
}

static void read_statistics(const json_t *line, struct rtt_report *report)
{
	for (size_t i = 0; i < RTT_STATISTICS; i++) {
		const json_t *value = json_object_get(line, statistic_names[i]);

		require(json_is_number(value) || json_is_null(value), "no \"%s\"", statistic_names[i]);
		report->known[i] = json_is_number(value);
		report->us[i] = json_number_value(value) * (report->ms ? 1000 : 1);
		require(i == RTT_JITTER || report->known[i] == !!report->count, "count %llu, and \"%s\" is %sknown",
			(unsigned long long)report->count, statistic_names[i], report->known[i] ? "" : "not ");
	}
}

static uint64_t whole_us(const json_t *value, double unit_us)
{
	return (uint64_t)(json_number_value(value) * unit_us + 0.5);
}

/* [low, high) in the report's unit; whole microseconds. */
static void read_bucket(const json_t *bucket, struct rtt_report *report)
{
	double unit_us = report->ms ? 1000 : 1;
	uint64_t low, high, count;
	uint32_t slot;

	require(json_array_size(bucket) == 3, "a bucket of %zu elements", json_array_size(bucket));
	low = whole_us(json_array_get(bucket, 0), unit_us);
	high = whole_us(json_array_get(bucket, 1), unit_us);
	count = (uint64_t)json_integer_value(json_array_get(bucket, 2));
	slot = rtt_slot(low, report->ms);
	require(count, "an empty bucket");
	require(!report->slots[slot], "bucket [%llu, %llu) twice", (unsigned long long)low, (unsigned long long)high);
	if (slot < SLOT_COUNT - 1)
		require((!low || rtt_slot(low - 1, report->ms) < slot) && rtt_slot(high - 1, report->ms) == slot &&
				rtt_slot(high, report->ms) > slot,
			"[%llu, %llu) us is not slot %u", (unsigned long long)low, (unsigned long long)high, slot);
	report->slots[slot] = count;
}

static uint64_t number_or_zero(const json_t *line, const char *name)
{
	const json_t *number = json_object_get(line, name);

	require(!number || json_is_null(number) || json_is_integer(number), "\"%s\" is no number", name);
	return number ? (uint64_t)json_integer_value(number) : 0;
}

/* Members that not every group has. */
static void read_socket(const json_t *line, struct rtt_report *report)
{
	const json_t *zone = json_object_get(line, "zone");

	report->cookie = number_or_zero(line, "cookie");
	report->conn_seq =
		json_is_integer(json_object_get(line, "conn_seq")) ? (int64_t)number_or_zero(line, "conn_seq") : -1;
	report->ifindex = (uint32_t)number_or_zero(line, "ifindex");
	if (zone && !json_is_null(zone))
		snprintf(report->zone, sizeof(report->zone), "%s", string_of(line, "zone"));
}

static void read_report(const json_t *line, struct rtt_report *report)
{
	const json_t *buckets = json_object_get(line, "buckets");
	uint64_t sum = 0;

	memset(report, 0, sizeof(*report));
	require(number_of(line, "v") == 1 && !strcmp(string_of(line, "type"), "rtt"), "not version 1 of type rtt");
	require(strlen(string_of(line, "time")) == strlen("2026-11-22T12:31:49.123456Z"), "time %s",
		string_of(line, "time"));
	snprintf(report->by, sizeof(report->by), "%s", string_of(line, "by"));
	report->other = json_is_true(json_object_get(line, "other"));
	report->unknown = json_is_true(json_object_get(line, "unknown"));
	snprintf(report->key, sizeof(report->key), "%s",
		 json_is_null(json_object_get(line, "key")) ? "-" : string_of(line, "key"));
	read_socket(line, report);
	snprintf(report->sample, sizeof(report->sample), "%s", string_of(line, "sample"));
	snprintf(report->hook, sizeof(report->hook), "%s", string_of(line, "hook"));
	report->interval_s = number_of(line, "interval_s");
	report->ms = !strcmp(string_of(line, "unit"), "ms");
	require(report->ms || !strcmp(string_of(line, "unit"), "us"), "unit %s", string_of(line, "unit"));
	report->count = (uint64_t)json_integer_value(json_object_get(line, "count"));
	read_statistics(line, report);
	require(json_is_array(buckets), "no buckets");
	for (size_t i = 0; i < json_array_size(buckets); i++)
		read_bucket(json_array_get(buckets, i), report);
	for (size_t slot = 0; slot < SLOT_COUNT; slot++)
		sum += report->slots[slot];
	require(sum == report->count, "the buckets hold %llu, count is %llu", (unsigned long long)sum,
		(unsigned long long)report->count);
}

void rtt_reports_read(int fd, struct rtt_reports *ret_reports)
{
	FILE *file = fdopen(dup(fd), "r");
	struct rtt_reports reports = {0};
	size_t capacity = 0, size = 0;
	char *text = NULL;
	ssize_t length;

	require(file && !fseek(file, 0, SEEK_SET), "cannot read what the tool printed");
	while ((length = getline(&text, &size, file)) > 0) {
		json_error_t error;
		json_t *line = json_loadb(text, (size_t)length, 0, &error);

		require(text[length - 1] == '\n' && json_is_object(line), "line %zu is no JSON object: %s (%s)",
			reports.count + 1, text, error.text);
		if (reports.count == capacity) {
			capacity = capacity ? 2 * capacity : 16;
			reports.items = reallocate(reports.items, capacity * sizeof(*reports.items));
		}
		read_report(line, &reports.items[reports.count++]);
		json_decref(line);
	}
	free(text);
	fclose(file);
	*ret_reports = reports;
}

const struct rtt_report *rtt_reports_find(const struct rtt_reports *reports, const char *key)
{
	const struct rtt_report *found = NULL;

	for (size_t i = 0; i < reports->count; i++) {
		if (strcmp(reports->items[i].key, key))
			continue;
		require(!found, "two reports of %s", key);
		found = &reports->items[i];
	}
	return found;
}
