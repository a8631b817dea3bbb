/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/human.h"

#define NS_PER_US 1000ULL
#define NS_PER_MS 1000000ULL
#define NS_PER_S  1000000000ULL

#define DAYS_MAX 9999

/* Appends "1.2" or "12" and the unit. `tenths` is the value in tenths, rounded down. */
static void append_scaled(struct strbuf *out, uint64_t tenths, const char *unit)
{
	strbuf_append_u64(out, tenths / 10);
	if (tenths < 100) {
		strbuf_append_char(out, '.');
		strbuf_append_u64(out, tenths % 10);
	}
	strbuf_append_string(out, unit);
}

static void append_powers(struct strbuf *out, uint64_t value, unsigned int power)
{
	static const char *const units[] = {"K", "M", "G", "T", "P", "E"};
	size_t unit = 0;
	uint64_t rest = 0;

	if (value < 1000) {
		strbuf_append_u64(out, value);
		return;
	}
	rest = value % power;
	value /= power;
	while (value >= 1000) {
		rest = value % power;
		value /= power;
		unit++;
	}
	append_scaled(out, value * 10 + rest * 10 / power, units[unit]);
}

void human_bytes(struct strbuf *out, uint64_t bytes)
{
	append_powers(out, bytes, 1024);
}

void human_count(struct strbuf *out, uint64_t count)
{
	append_powers(out, count, 1000);
}

void human_duration(struct strbuf *out, uint64_t ns)
{
	static const struct {
		uint64_t below, unit;
		const char *name;
		bool has_tenths;
	} units[] = {
		{1000 * NS_PER_US, NS_PER_US, "us", false},
		{1000 * NS_PER_MS, NS_PER_MS, "ms", true},
		{100 * NS_PER_S, NS_PER_S, "s", true},
		{100 * 60 * NS_PER_S, 60 * NS_PER_S, "m", false},
		{100 * 3600 * NS_PER_S, 3600 * NS_PER_S, "h", false},
	};
	uint64_t days = ns / (24 * 3600 * NS_PER_S);

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (ns >= units[i].below)
			continue;
		if (units[i].has_tenths) {
			append_scaled(out, ns / (units[i].unit / 10), units[i].name);
			return;
		}
		strbuf_append_u64(out, ns / units[i].unit);
		strbuf_append_string(out, units[i].name);
		return;
	}
	strbuf_append_u64(out, days < DAYS_MAX ? days : DAYS_MAX);
	strbuf_append_char(out, 'd');
}
