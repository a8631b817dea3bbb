/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rows of tcpstates --summary in every format. */
#include "output/summary.h"

#include "records.h"

static const struct summary_interval interval = {.end_ns = 2500000000, .length_ns = 1500000000};

static const struct summary_row rows[] = {
	{.kind = {.oldstate = STATE_SYN_SENT, .newstate = STATE_ESTABLISHED},
	 .unknown = 1,
	 .times = {.count = 3, .mean = 1373.4994, .p50 = 812, .p90 = 1402, .p99 = 2100, .p999 = 2950, .max = 3001}},
	{.kind = {.oldstate = STATE_CLOSE, .newstate = STATE_LISTEN}, .unknown = 7},
	/* the longest */
	{.kind = {.oldstate = STATE_BOUND_INACTIVE, .newstate = STATE_BOUND_INACTIVE},
	 .times = {.count = UINT64_MAX,
		   .mean = 1e12,
		   .p50 = 268435456,
		   .p90 = 268435456,
		   .p99 = 268435456,
		   .p999 = 268435456,
		   .max = 268435456}},
};

static void test_text(void **state)
{
	struct strbuf sb = text_new(4096);

	(void)state;
	summary_text_header(&sb, false);
	for (size_t i = 0; i < COUNT(rows); i++)
		summary_text(&sb, false, &interval, &rows[i], &records_base);
	summary_text_header(&sb, true);
	summary_text(&sb, true, &interval, &rows[1], &records_base);
	text_check(
		&sb,
		"OLDSTATE    -> NEWSTATE    COUNT      UNKNOWN    MEAN       P50        P90        P99        P99.9    "
		"  "
		"MAX\n"
		"SYN_SENT    -> ESTABLISHED 4          1          1.373      0.812      1.402      2.100      2.950    "
		"  "
		"3.001\n"
		"CLOSE       -> LISTEN      7          7          -          -          -          -          -        "
		"  "
		"-\n"
		"BOUND_INACTIVE -> BOUND_INACTIVE 18446744073709551615 0          1000000000.000 268435.456 268435.456 "
		"268435.456 268435.456 268435.456\n"
		"TIME     OLDSTATE    -> NEWSTATE    COUNT      UNKNOWN    MEAN       P50        P90        P99        "
		"P99.9      MAX\n"
		"14:01:50 CLOSE       -> LISTEN      7          7          -          -          -          -          "
		"-          -\n");
}

static void test_csv(void **state)
{
	struct strbuf sb = text_new(4096);

	(void)state;
	summary_csv_header(&sb);
	summary_csv(&sb, &interval, &rows[0], &records_base);
	summary_csv(&sb, &interval, &rows[1], &records_base);
	text_check(&sb,
		   "TIMESTAMP,INTERVAL_S,OLDSTATE,NEWSTATE,COUNT,UNKNOWN,MEAN,P50,P90,P99,P99.9,MAX\n"
		   "2026-11-22T12:31:50.500000Z,1.500000,SYN_SENT,ESTABLISHED,4,1,1.373,0.812,1.402,2.100,2.950,3.001\n"
		   "2026-11-22T12:31:50.500000Z,1.500000,CLOSE,LISTEN,7,7,,,,,,\n");
}

static void test_json(void **state)
{
	struct strbuf sb = text_new(4096);

	(void)state;
	summary_json(&sb, &interval, &rows[0], &records_base);
	summary_json(&sb, &interval, &rows[1], &records_base);
	text_check(
		&sb,
		"{\"v\":1,\"type\":\"summary\",\"time\":\"2026-11-22T12:31:50.500000Z\",\"interval_s\":1.500000,"
		"\"oldstate\":\"SYN_SENT\",\"newstate\":\"ESTABLISHED\",\"count\":4,\"unknown\":1,\"mean_us\":1373.499,"
		"\"p50_us\":812.000,\"p90_us\":1402.000,\"p99_us\":2100.000,\"p999_us\":2950.000,\"max_us\":3001.000}\n"
		"{\"v\":1,\"type\":\"summary\",\"time\":\"2026-11-22T12:31:50.500000Z\",\"interval_s\":1.500000,"
		"\"oldstate\":\"CLOSE\",\"newstate\":\"LISTEN\",\"count\":7,\"unknown\":7,\"mean_us\":null,"
		"\"p50_us\":null,\"p90_us\":null,\"p99_us\":null,\"p999_us\":null,\"max_us\":null}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
