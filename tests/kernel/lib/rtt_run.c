/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "rtt_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

/* 50,000 samples of 150 bytes on one CPU. */
#define WITNESS_KB_PER_CPU 8192

int rtt_run_group_setup(void **state)
{
	struct rtt_run *run = run_base_new(sizeof(*run));

	if (!run)
		return -1;
	run->witness = rtt_witness_new(WITNESS_KB_PER_CPU, &run->base.why_not);
	*state = run;
	return 0;
}

int rtt_run_teardown(void **state)
{
	struct rtt_run *run = *state;

	run_base_teardown(state);
	free(run->log.items);
	free(run->reports.items);
	run->log = (struct rtt_log){0};
	run->reports = (struct rtt_reports){0};
	return 0;
}

int rtt_run_group_teardown(void **state)
{
	struct rtt_run *run = *state;

	rtt_run_teardown(state);
	rtt_witness_free(run->witness);
	free(run);
	return 0;
}

const char *rtt_port_text(uint16_t port)
{
	static char texts[4][8];
	static unsigned int next;
	char *text = texts[next++ % 4];

	snprintf(text, sizeof(texts[0]), "%u", port);
	return text;
}

void rtt_run_watch(struct rtt_run *run, uint16_t first_port, uint16_t last_port)
{
	run_base_need_witness(&run->base);
	rtt_witness_start(run->witness, first_port, last_port);
}

int rtt_run_watch_new_port(struct rtt_run *run, enum flavour flavour, uint16_t *ret_port)
{
	int fd = reserve_port(flavour, ret_port);

	rtt_run_watch(run, *ret_port, *ret_port);
	return fd;
}

size_t rtt_run_start(struct rtt_run *run, const char *const *args)
{
	tool_start_json(run_base_add(&run->base), "tcprtt", args, -1);
	return run->base.tool_count - 1;
}

void rtt_run_stop(struct rtt_run *run)
{
	run_base_stop(&run->base);
	rtt_witness_stop(run->witness, &run->log);
}

/* "tcprtt: 12 segments without a measurement": the number in front of the words; 0 when nothing is said. */
static uint64_t number_before(const char *text, const char *words)
{
	const char *at = strstr(text, words), *line = at;

	while (line && line > text && line[-1] != '\n')
		line--;
	return at ? strtoull(line + strlen("tcprtt: "), NULL, 10) : 0;
}

void rtt_run_read(struct rtt_run *run, size_t index)
{
	const struct tool *tool = run_base_tool(&run->base, index);
	struct tool_losses losses;

	free(run->reports.items);
	run->reports = (struct rtt_reports){0};
	tool_expect_success(tool);
	rtt_reports_read(tool->out, &run->reports);
	tool_read_losses(tool, &losses);
	run->lost = losses.lost;
	run->unmeasured = number_before(tool_errors(tool), " without a measurement");
	run->in_other = number_before(tool_errors(tool), " of groups beyond");
}

static int compare_us(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

void rtt_expect(const struct rtt_log *log, rtt_match_fn *match, const void *context, bool ms, uint64_t since_ns,
		struct rtt_expected *ret_expected)
{
	struct rtt_expected *expected = ret_expected;

	memset(expected, 0, sizeof(*expected));
	expected->sorted_us = allocate(log->count * sizeof(uint64_t));
	for (size_t i = 0; i < log->count; i++) {
		const struct rtt_probe *probe = &log->items[i];
		uint32_t slot = rtt_slot(probe->srtt_us, ms);

		if (probe->time_ns < since_ns || !match(probe, context))
			continue;
		if (!probe->srtt_us) {
			expected->zeros++;
			expected->hideable_zeros += probe->hideable;
			continue;
		}
		expected->slots[slot]++;
		expected->hideable[slot] += probe->hideable;
		expected->hideable_count += probe->hideable;
		expected->sum_us += probe->srtt_us;
		expected->sorted_us[expected->count++] = probe->srtt_us;
	}
	qsort(expected->sorted_us, expected->count, sizeof(uint64_t), compare_us);
}

void rtt_expected_free(struct rtt_expected *expected)
{
	free(expected->sorted_us);
	expected->sorted_us = NULL;
}

void rtt_check_slots(const struct rtt_expected *expected, const uint64_t slots[SLOT_COUNT], uint64_t lost,
		     const char *what)
{
	uint64_t hidden = 0, missing = 0, counted = 0, extra = 0;
	uint32_t first_bad = SLOT_COUNT;

	for (uint32_t slot = 0; slot < SLOT_COUNT; slot++) {
		uint64_t most = expected->slots[slot], least = most - expected->hideable[slot];

		counted += slots[slot];
		if (slots[slot] > most)
			extra += slots[slot] - most;
		else if (slots[slot] < least)
			missing += least - slots[slot];
		if (slots[slot] < most)
			hidden += slots[slot] < least ? most - least : most - slots[slot];
		if ((slots[slot] > most || slots[slot] < least) && first_bad == SLOT_COUNT)
			first_bad = slot;
	}
	print_message("%s: witness %" PRIu64 " and %" PRIu64 " zeros, counted %" PRIu64 ", hidden from BPF %" PRIu64
		      ", missing %" PRIu64 ", the tool says lost %" PRIu64 "\n",
		      what, expected->count, expected->zeros, counted, hidden, missing, lost);
	require(expected->count, "%s: the witness saw nothing", what);
	require(!extra, "%s: slot %u holds %" PRIu64 ", the witness saw %" PRIu64, what, first_bad, slots[first_bad],
		expected->slots[first_bad]);
	require(missing <= lost,
		"%s: slot %u holds %" PRIu64 ", the witness saw %" PRIu64 " (of which %" PRIu64 " may be hidden)", what,
		first_bad, slots[first_bad], expected->slots[first_bad], expected->hideable[first_bad]);
}

/* Nearest rank. */
static uint64_t true_quantile(const struct rtt_expected *expected, uint64_t permille)
{
	uint64_t rank = (expected->count * permille + 999) / 1000;

	return expected->sorted_us[rank ? rank - 1 : 0];
}

/* Within 1/16 of the true sample's value, and a microsecond for rounding to whole ones. */
static void check_near(const char *what, double shown, uint64_t us)
{
	require(shown >= (double)us * 15 / 16 - 1 && shown <= (double)us * 17 / 16 + 1, "%s is %.3f us, not %" PRIu64,
		what, shown, us);
}

static void check_statistics(const struct rtt_expected *expected, const struct rtt_report *report)
{
	double mean = (double)expected->sum_us / (double)expected->count;

	require(report->us[RTT_MEAN] > mean - 0.001 && report->us[RTT_MEAN] < mean + 0.001, "mean %.6f us, not %.6f",
		report->us[RTT_MEAN], mean);
	check_near("min", report->us[RTT_SMALLEST], expected->sorted_us[0]);
	check_near("p50", report->us[RTT_P50], true_quantile(expected, 500));
	check_near("p90", report->us[RTT_P90], true_quantile(expected, 900));
	check_near("p99", report->us[RTT_P99], true_quantile(expected, 990));
	check_near("p99.9", report->us[RTT_P999], true_quantile(expected, 999));
	check_near("max", report->us[RTT_LARGEST], expected->sorted_us[expected->count - 1]);
	require(report->us[RTT_SMALLEST] <= (double)expected->sorted_us[0] &&
			report->us[RTT_LARGEST] >= (double)expected->sorted_us[expected->count - 1],
		"min %.3f and max %.3f us do not enclose the samples", report->us[RTT_SMALLEST],
		report->us[RTT_LARGEST]);
}

void rtt_check_report(const struct rtt_expected *expected, const struct rtt_report *report, uint64_t lost)
{
	rtt_check_slots(expected, report->slots, lost, report->key);
	if (report->count == expected->count)
		check_statistics(expected, report);
}

void rtt_run_check_all(struct rtt_run *run, size_t tool, rtt_match_fn *match, const void *context)
{
	struct rtt_expected expected;

	rtt_run_read(run, tool);
	require(run->reports.count == 1, "%zu reports, not one", run->reports.count);
	require(!strcmp(run->reports.items[0].by, "all"), "by %s", run->reports.items[0].by);
	rtt_expect(&run->log, match, context, run->reports.items[0].ms, run->base.tools[tool].start_ns, &expected);
	rtt_check_report(&expected, &run->reports.items[0], run->lost);
	require(run->unmeasured <= expected.zeros &&
			run->unmeasured + expected.hideable_zeros + run->lost >= expected.zeros,
		"%" PRIu64 " segments without a measurement, the witness saw %" PRIu64, run->unmeasured,
		expected.zeros);
	rtt_expected_free(&expected);
}

/* ---- groups ---- */

struct in_group {
	rtt_key_fn *key_of;
	const void *context;
	const char *key;
};

static bool is_in_group(const struct rtt_probe *probe, const void *context)
{
	const struct in_group *group = context;
	char key[256];

	return group->key_of(probe, group->context, key) && !strcmp(key, group->key);
}

static void check_group(struct rtt_run *run, const struct in_group *group, const struct rtt_report *report,
			uint64_t since_ns)
{
	struct rtt_expected expected;

	rtt_expect(&run->log, is_in_group, group, report->ms, since_ns, &expected);
	rtt_check_report(&expected, report, run->lost);
	rtt_expected_free(&expected);
}

static bool is_known(const struct rtt_run *run, const struct in_group *group)
{
	for (size_t i = 0; i < run->log.count; i++)
		if (is_in_group(&run->log.items[i], group))
			return true;
	return false;
}

void rtt_run_check_groups(struct rtt_run *run, size_t tool, rtt_key_fn *key_of, const void *context, bool only_known)
{
	uint64_t since_ns = run->base.tools[tool].start_ns;
	char key[256];

	rtt_run_read(run, tool);
	for (size_t i = 0; i < run->reports.count; i++) {
		const struct rtt_report *report = &run->reports.items[i];
		struct in_group group = {.key_of = key_of, .context = context, .key = report->key};

		if (!strcmp(report->key, "other"))
			continue;
		if (only_known && !is_known(run, &group))
			continue;
		require(rtt_reports_find(&run->reports, report->key) == report, "no report of %s", report->key);
		check_group(run, &group, report, since_ns);
	}
	for (size_t i = 0; i < run->log.count; i++) {
		const struct rtt_probe *probe = &run->log.items[i];

		if (probe->time_ns < since_ns || !probe->srtt_us || probe->hideable || !key_of(probe, context, key))
			continue;
		require(rtt_reports_find(&run->reports, key) || rtt_reports_find(&run->reports, "other") || run->lost,
			"no report of %s", key);
	}
}

bool rtt_has_lport(const struct rtt_probe *probe, const void *port)
{
	return probe->tuple.lport == *(const uint16_t *)port;
}

bool rtt_has_rport(const struct rtt_probe *probe, const void *port)
{
	return probe->tuple.rport == *(const uint16_t *)port;
}

bool rtt_has_port(const struct rtt_probe *probe, const void *port)
{
	return rtt_has_lport(probe, port) || rtt_has_rport(probe, port);
}
