/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The header that Prometheus sends, others of its kind, weights, and nonsense. */
#include "output/exposition.h"

#include "../core/text.h"

static void check(const char *accept, enum exposition_format format)
{
	if (exposition_choose(accept) != format)
		fail_msg("\"%s\": format %d, not %d", accept ? accept : "(none)", exposition_choose(accept), format);
}

static void test_clients(void **state)
{
	(void)state;
	/* Prometheus 2.42 with native histograms, as it was captured; then a scraper that has none */
	check("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,"
	      "application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,"
	      "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
	      EXPOSITION_PROTOBUF);
	check("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
	      "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
	      EXPOSITION_OPENMETRICS);
	/* scrapers of text only, and browsers */
	check("text/plain;version=0.0.4;q=1,*/*;q=0.1", EXPOSITION_TEXT);
	check("*/*", EXPOSITION_TEXT);
	check("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", EXPOSITION_TEXT);
	check(NULL, EXPOSITION_TEXT);
	check("", EXPOSITION_TEXT);
}

static void test_weights(void **state)
{
	(void)state;
	check("text/plain;q=0.5, application/openmetrics-text;q=0.6", EXPOSITION_OPENMETRICS);
	check("text/plain;q=0.7, application/openmetrics-text;q=0.6", EXPOSITION_TEXT);
	check(" Application/OpenMetrics-Text ; Version=1.0.0 ; Q=0.001 ", EXPOSITION_OPENMETRICS);
	check("application/openmetrics-text;q=0", EXPOSITION_TEXT);
	check("application/openmetrics-text;q=", EXPOSITION_TEXT);
	check("application/openmetrics-text;q=2", EXPOSITION_TEXT);
	check("application/openmetrics-text;q=1.001", EXPOSITION_TEXT);
	check("application/openmetrics-text;q=-1", EXPOSITION_TEXT);
	check("application/openmetrics-text;q=nan", EXPOSITION_TEXT);
	check("application/openmetrics-text;q=0.5x", EXPOSITION_TEXT);
	check("application/openmetrics-text;q=0.00000000001", EXPOSITION_TEXT);
}

/* Other versions and encodings are not ours. */
static void test_versions(void **state)
{
	(void)state;
	check("application/openmetrics-text;version=2.0.0", EXPOSITION_TEXT);
	check("application/openmetrics-text;version=0.0.1,text/plain;q=0.1", EXPOSITION_TEXT);
	check("application/vnd.google.protobuf;encoding=text", EXPOSITION_TEXT);
	check("application/vnd.google.protobuf", EXPOSITION_PROTOBUF);
	check("text/plain;version=1.0.0;q=1,application/openmetrics-text;q=0.1", EXPOSITION_OPENMETRICS);
}

static void test_nonsense(void **state)
{
	static const char letters[] = ",;=q01./* aptv";
	uint64_t random = 5;

	(void)state;
	check(",,;;==,;q,=;", EXPOSITION_TEXT);
	check(";", EXPOSITION_TEXT);
	for (int round = 0; round < 100000; round++) {
		char *text = calloc(1, 41);
		size_t length = text_random(&random) % 40;

		assert_non_null(text);
		for (size_t i = 0; i < length; i++)
			text[i] = letters[text_random(&random) % (sizeof(letters) - 1)];
		assert_int_equal(exposition_choose(text), EXPOSITION_TEXT);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clients),
		cmocka_unit_test(test_weights),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
