/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The contract of the exporter follows the rules of Prometheus and OpenMetrics for names, units and labels. */
#include "core/metrics.h"

#include <stdio.h>
#include <stdlib.h>

#include "text.h"

#define OUT_MAX 65536

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), part = strlen(end);

	return length >= part && !strcmp(text + length - part, end);
}

static void test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < METRICS; i++) {
		const struct metric *metric = &metrics[i];

		assert_non_null(metric->name);
		assert_int_equal(strncmp(metric->name, "tcpvitals_", 10), 0);
		assert_int_equal(strspn(metric->name, "abcdefghijklmnopqrstuvwxyz_"), strlen(metric->name));
		assert_false(ends_with(metric->name, "_total") || ends_with(metric->name, "_info"));
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(metric->name, metrics[k].name);
	}
}

/* The unit is the end of the name, and only base units are used. */
static void test_units(void **state)
{
	static const char *const units[] = {"seconds", "bytes"};

	(void)state;
	for (size_t i = 0; i < METRICS; i++) {
		const struct metric *metric = &metrics[i];
		bool is_known = !*metric->unit;

		for (size_t k = 0; k < COUNT(units); k++) {
			is_known |= !strcmp(metric->unit, units[k]);
			assert_int_equal(ends_with(metric->name, units[k]), !strcmp(metric->unit, units[k]));
		}
		assert_true(is_known);
		if (metric->type == METRIC_HISTOGRAM)
			assert_string_equal(metric->unit, "seconds");
	}
}

/* "le" is a histogram's own. */
static void test_labels(void **state)
{
	(void)state;
	for (size_t i = 0; i < METRICS; i++) {
		const char *label = metrics[i].labels;

		assert_int_equal(strspn(label, "abcdefghijklmnopqrstuvwxyz_,"), strlen(label));
		while (*label) {
			size_t length = strcspn(label, ",");

			assert_true(length && (length != 2 || strncmp(label, "le", 2) != 0));
			label += length + (label[length] == ',');
		}
	}
}

/* One sentence. */
static void test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < METRICS; i++) {
		assert_true(ends_with(metrics[i].help, "."));
		assert_null(strstr(metrics[i].help, ". "));
		assert_true(metrics[i].source && *metrics[i].source);
	}
}

static void test_description(void **state)
{
	struct strbuf sb = text_new(OUT_MAX);

	(void)state;
	metrics_describe(&sb);
	assert_false(sb.overflow);
	assert_true(text_has(
		&sb,
		"### `tcpvitals_connections_closed_total`\n\n"
		"Connections ended, by the cause of the end (tcpstates(8)).\n\n"
		"- type: counter\n"
		"- labels: `role` `cause` and those of `--label`\n"
		"- series: at most 78 for each group\n"
		"- taken from: each transition to CLOSE\n"
		"- OpenTelemetry: system.network.tcp.connection.failures, for the ends before ESTABLISHED; the cause\n"
		"  as error.type\n\n"));
	assert_true(text_has(&sb, "### `tcpvitals_build_info`\n\n"));
	assert_true(text_has(&sb, "- type: gauge, in seconds\n- labels: none\n- series: 1\n"));
	assert_true(text_has(&sb, "- labels: those of `--label`\n- series: 1 for each group\n"));
	assert_true(text_has(&sb, "- labels: `hook`\n- series: one for each `hook`\n"));
	free(sb.data);
}

/* docs/metrics.md has the same text. UPDATE=1 writes it anew. */
static void test_document(void **state)
{
	struct strbuf sb = text_new(OUT_MAX);
	char *read_back = malloc(OUT_MAX);
	FILE *file;
	size_t length;

	(void)state;
	metrics_describe(&sb);
	file = fopen("docs/metrics.md", getenv("UPDATE") ? "w+" : "r");
	assert_non_null(file);
	if (getenv("UPDATE")) {
		assert_int_equal(fwrite(sb.data, 1, sb.length, file), sb.length);
		rewind(file);
	}
	length = fread(read_back, 1, OUT_MAX, file);
	fclose(file);
	assert_int_equal(length, sb.length);
	assert_memory_equal(read_back, sb.data, length);
	free(read_back);
	free(sb.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names), cmocka_unit_test(test_units),       cmocka_unit_test(test_labels),
		cmocka_unit_test(test_texts), cmocka_unit_test(test_description), cmocka_unit_test(test_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
