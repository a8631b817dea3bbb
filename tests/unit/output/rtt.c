/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reports of round-trip times against tests/golden, and reports without samples or with the longest values. */
#include "output/rtt.h"

#include "records.h"

struct samples {
	uint64_t us;
	uint64_t count;
};

#define SAMPLES_MAX 12

/* A report and what is in its histogram; tests/golden/rtt.* show them all. */
struct input {
	struct rtt_report report;
	uint64_t mdev_us; /* at each sample */
	struct samples samples[SAMPLES_MAX];
};

static const struct input inputs[] = {
	{
		/* what everybody wants to see */
		.report = {.time_realtime_ns = 1795350709123456789,
			   .interval_s = 1,
			   .by = "all",
			   .key = "",
			   .sample = "srtt",
			   .hook = "tp_btf"},
		.mdev_us = 33,
		.samples = {{301, 1}, {420, 20}, {775, 60}, {800, 41}, {1000, 30}, {1402, 15}, {2100, 2}, {3001, 1}},
	},
	{
		/* nothing happened */
		.report = {.time_realtime_ns = 1795350710000000000,
			   .interval_s = 1.0004,
			   .by = "all",
			   .key = "",
			   .sample = "srtt",
			   .hook = "tp_btf"},
	},
	{
		/* the same samples in milliseconds, of a group; below one millisecond nothing is lost */
		.report = {.time_realtime_ns = 1795350711000000999,
			   .interval_s = 0.25,
			   .by = "raddr",
			   .key = "10.0.0.1",
			   .sample = "rtt",
			   .hook = "fentry",
			   .tick = TICK_MS1024},
		.mdev_us = 33,
		.samples = {{301, 1}, {420, 20}, {775, 60}, {800, 41}, {1000, 30}, {1402, 15}, {2100, 2}, {3001, 1}},
	},
	{
		/* counts beyond 32 bits, both ends of the range, no mean deviations */
		.report = {.time_realtime_ns = 1795350712500000000,
			   .interval_s = 86400,
			   .by = "laddr",
			   .key = "2001:db8::1",
			   .sample = "min",
			   .hook = "kprobe"},
		.samples = {{0, 5},
			    {1, 107374183},
			    {5, 214748365},
			    {31, 4294967297},
			    {32, 4000000000},
			    {33, 1},
			    {134217728, 99},
			    {300000000, 2}},
	},
	{
		/* edges of milliseconds */
		.report = {.time_realtime_ns = 1795350713000000000,
			   .interval_s = 2,
			   .by = "laddr,rport",
			   .key = "10.0.0.1,443",
			   .sample = "handshake",
			   .hook = "tp_btf",
			   .tick = TICK_MS1024},
		.mdev_us = 1,
		.samples = {{0, 1},
			    {7, 1},
			    {999, 1},
			    {1000, 1},
			    {1999, 2},
			    {2000, 3},
			    {63999, 5},
			    {64000, 7},
			    {250000, 11},
			    {262143999, 1},
			    {262144000, 1}},
	},
	{
		/* a name for every format's special characters */
		.report = {.time_realtime_ns = 1795350714000000000,
			   .interval_s = 1,
			   .by = "comm",
			   .key = "a,\"b\" \\n\x1b[2J\xc3\xa4\xe2\x80\xae\xff",
			   .sample = "srtt",
			   .hook = "tp_btf"},
		.mdev_us = 2,
		.samples = {{42, 1}},
	},
	{
		/* processes that are called as groups are that have no name */
		.report = {.time_realtime_ns = 1795350715000000000,
			   .interval_s = 1,
			   .by = "comm",
			   .key = "other",
			   .sample = "srtt",
			   .hook = "tp_btf"},
		.mdev_us = 2,
		.samples = {{42, 1}},
	},
	{
		.report = {.time_realtime_ns = 1795350715000000000,
			   .interval_s = 1,
			   .by = "comm",
			   .key = "other",
			   .sample = "srtt",
			   .hook = "tp_btf",
			   .other = true},
		.mdev_us = 2,
		.samples = {{42, 1}},
	},
	{
		.report = {.time_realtime_ns = 1795350715000000000,
			   .interval_s = 1,
			   .by = "comm",
			   .key = "-",
			   .sample = "srtt",
			   .hook = "tp_btf"},
		.mdev_us = 2,
		.samples = {{42, 1}},
	},
	{
		.report = {.time_realtime_ns = 1795350715000000000,
			   .interval_s = 1,
			   .by = "comm",
			   .key = "-",
			   .sample = "srtt",
			   .hook = "tp_btf",
			   .unknown = true},
		.mdev_us = 2,
		.samples = {{42, 1}},
	},
	{
		/* the port is known */
		.report = {.time_realtime_ns = 1795350715000000000,
			   .interval_s = 1,
			   .by = "comm,lport",
			   .key = "-,80",
			   .sample = "srtt",
			   .hook = "tp_btf",
			   .unknown = true},
		.mdev_us = 2,
		.samples = {{42, 1}},
	},
	{
		/* a group that had no samples */
		.report = {.time_realtime_ns = 1795350714000000000,
			   .interval_s = 1,
			   .by = "cgroup",
			   .key = "/system.slice/n\xc3\xa4me.service",
			   .sample = "srtt",
			   .hook = "tp_btf",
			   .tick = TICK_MS1024},
	},
};

/* Where only the histogram matters. */
static struct rtt_report report_of(const char *by, const char *key, enum tick tick, const struct histogram *histogram)
{
	return (struct rtt_report){.interval_s = 1,
				   .by = by,
				   .key = key,
				   .sample = "srtt",
				   .hook = "tp_btf",
				   .tick = tick,
				   .histogram = histogram};
}

static struct rtt_report fill(const struct input *input, struct histogram *histogram)
{
	struct rtt_report report = input->report;

	*histogram = (struct histogram){};
	for (size_t i = 0; i < SAMPLES_MAX; i++) {
		const struct samples *samples = &input->samples[i];
		uint64_t ticks = report.tick == TICK_MS1024 ? samples->us * 1024 / 1000 : samples->us;

		histogram->slots[slot_of(ticks)] += samples->count;
		histogram->sum_us += samples->us * samples->count;
		histogram->mdev_sum += 4 * input->mdev_us * samples->count;
	}
	report.histogram = histogram;
	report.jitter = input->mdev_us != 0;
	return report;
}

static void test_golden_text(void **state)
{
	struct strbuf plain = text_new(1 << 16), extended = text_new(1 << 16);
	struct histogram histogram;

	(void)state;
	for (size_t i = 0; i < COUNT(inputs); i++) {
		struct rtt_report report = fill(&inputs[i], &histogram);

		rtt_text(&plain, &report, false);
		rtt_text(&extended, &report, true);
	}
	golden_check("rtt.text", &plain);
	golden_check("rtt.extended", &extended);
}

static void test_golden_json(void **state)
{
	struct strbuf sb = text_new(1 << 16);
	struct histogram histogram;

	(void)state;
	for (size_t i = 0; i < COUNT(inputs); i++) {
		struct rtt_report report = fill(&inputs[i], &histogram);

		rtt_json(&sb, &report);
	}
	golden_check("rtt.json", &sb);
}

static void test_golden_csv(void **state)
{
	struct strbuf sb = text_new(1 << 16);
	struct histogram histogram;

	(void)state;
	rtt_csv_header(&sb, "all", 0);
	for (size_t i = 0; i < COUNT(inputs); i++) {
		struct rtt_report report = fill(&inputs[i], &histogram);

		rtt_csv(&sb, &report);
	}
	golden_check("rtt.csv", &sb);
}

/* "[AVG n]" divides by nothing when there is nothing. */
static void test_no_samples(void **state)
{
	struct histogram histogram = {.sum_us = 7, .mdev_sum = 7};
	struct rtt_report report = report_of("raddr", "10.0.0.1", TICK_US, &histogram);
	struct strbuf sb = text_new(RTT_TEXT_MAX);

	(void)state;
	rtt_text(&sb, &report, true);
	text_check(&sb, "Remote Address = 10.0.0.1 \n");
	sb = text_new(RTT_TEXT_MAX);
	rtt_json(&sb, &report);
	text_check(&sb, "{\"v\":1,\"type\":\"rtt\",\"time\":\"1970-01-01T00:00:00.000000Z\",\"interval_s\":1.000,"
			"\"by\":\"raddr\",\"key\":\"10.0.0.1\",\"other\":false,\"unknown\":false,"
			"\"sample\":\"srtt\",\"hook\":\"tp_btf\",\"unit\":\"us\","
			"\"count\":0,\"mean\":null,\"jitter\":null,\"min\":null,\"p50\":null,\"p90\":null,\"p99\":null,"
			"\"p999\":null,\"max\":null,\"buckets\":[]}\n");
	sb = text_new(RTT_TEXT_MAX);
	rtt_csv(&sb, &report);
	text_check(&sb, "1970-01-01T00:00:00.000000Z,1.000,raddr,10.0.0.1,srtt,tp_btf,us,0,,,,,,,,,0,0\n");
}

/* Collected, and 0: that is a value. */
static void test_no_jitter(void **state)
{
	struct histogram histogram = {.sum_us = 42, .slots = {[SLOT_COUNT / 2] = 1}};
	struct rtt_report report = report_of("all", "", TICK_US, &histogram);
	struct strbuf sb = text_new(RTT_TEXT_MAX);

	(void)state;
	rtt_json(&sb, &report);
	assert_non_null(memmem(sb.data, sb.length, "\"jitter\":null,", 14));
	report.jitter = true;
	sb.length = 0;
	rtt_json(&sb, &report);
	assert_non_null(memmem(sb.data, sb.length, "\"jitter\":0,", 11));
	sb.length = 0;
	rtt_text(&sb, &report, true);
	assert_non_null(memmem(sb.data, sb.length, "jitter 0.0,", 11));
	free(sb.data);
}

/* Every slot in use, the largest numbers, and a key longer than any that needs the longest escape. */
static void test_longest(void **state)
{
	static const char *const characters[] = {"\x01", "\xff", "\"\x01", "\\", "\xe2\x80\xae", "\xc2\x80"};
	static struct histogram histogram;
	char *key = malloc(8192 + 1);

	(void)state;
	assert_non_null(key);
	memset(&histogram, 0xff, sizeof(histogram));
	histogram.slots[0] = UINT64_MAX - SLOT_COUNT;
	for (size_t i = 0; i < COUNT(characters) * 2; i++) {
		struct rtt_report report = {.time_realtime_ns = INT64_MAX,
					    .interval_s = 1e300,
					    .by = "prefix:128,comm",
					    .key = key,
					    .sample = "handshake",
					    .hook = "tp_btf",
					    .tick = i % 2 ? TICK_US : TICK_MS1024,
					    .histogram = &histogram,
					    .unknown = true};
		void (*const formats[])(struct strbuf * out, const struct rtt_report *report) = {rtt_json, rtt_csv};
		struct strbuf sb = text_new(RTT_TEXT_MAX);

		for (size_t at = 0; at < 8192; at++)
			key[at] = characters[i / 2][at % strlen(characters[i / 2])];
		key[8192] = '\0';
		rtt_text(&sb, &report, true);
		assert_false(sb.overflow);
		for (size_t f = 0; f < COUNT(formats); f++) {
			sb.length = 0;
			formats[f](&sb, &report);
			assert_false(sb.overflow);
			assert_int_equal(sb.data[sb.length - 1], '\n');
			assert_ptr_equal(memchr(sb.data, '\n', sb.length), sb.data + sb.length - 1);
		}
		free(sb.data);
	}
	free(key);
}

/* A key is written whole as long as RTT_KEY_MAX. */
static void test_key_length(void **state)
{
	struct histogram histogram = {};
	char key[RTT_KEY_MAX + 2];
	struct rtt_report report = report_of("cgroup", key, TICK_US, &histogram);

	(void)state;
	memset(key, '\\', sizeof(key));
	for (size_t length = RTT_KEY_MAX - 1; length <= RTT_KEY_MAX + 1; length++) {
		struct strbuf sb = text_new(RTT_TEXT_MAX);

		key[length] = '\0';
		rtt_text(&sb, &report, false);
		assert_int_equal(sb.length, strlen("cgroup =  \n") + 2 * (length < RTT_KEY_MAX ? length : RTT_KEY_MAX));
		key[length] = '\\';
		free(sb.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden_text), cmocka_unit_test(test_golden_json),
		cmocka_unit_test(test_golden_csv),  cmocka_unit_test(test_no_samples),
		cmocka_unit_test(test_no_jitter),   cmocka_unit_test(test_longest),
		cmocka_unit_test(test_key_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
