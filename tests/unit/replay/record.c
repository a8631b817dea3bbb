/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A row that is read back prints the same in text, CSV and JSON: for records of any values. With the name of a file of
 * JSON Lines, the rows in it are read and printed instead.
 */
#include <errno.h>
#include <stdio.h>

#include "rows.h"

#define RECORDS 20000

/* 2026-11-22T12:31:49.000000Z, in ns; with an odd number of ns, as a real clock has. */
#define BOOT_NS (1795350709000000000 - 1000000000 + 123)

static uint64_t below(uint64_t *random, uint64_t limit)
{
	return text_random(random) % limit;
}

/* Small, or of any size below `limit`. */
static uint64_t any(uint64_t *random, uint64_t limit)
{
	uint64_t number = text_random(random);

	return (number & 1 ? number >> 2 & 3 : number >> (2 + below(random, 60))) % limit;
}

/* A name of UTF-8, with characters that each format escapes. */
static void any_name(uint64_t *random, char *ret, size_t size)
{
	static const char *const pieces[] = {"a",        "B-1", " ",        "\"",           "\\",           ",",
					     "\x1b[31m", "\n",  "\xc3\xa4", "\xe2\x82\xac", "\xe2\x80\xae", "%",
					     "-",        "+",   "'"};
	size_t length = 0, count = below(random, 6);

	memset(ret, 0, size);
	for (size_t i = 0; i < count; i++) {
		const char *piece = pieces[below(random, COUNT(pieces))];

		if (length + strlen(piece) >= size)
			break;
		memcpy(ret + length, piece, strlen(piece));
		length += strlen(piece);
	}
}

static void any_address(uint64_t *random, uint8_t ip_version, uint8_t ret[16])
{
	uint64_t halves[2] = {text_random(random), below(random, 2) ? text_random(random) : 0};

	memset(ret, 0, 16);
	memcpy(ret, halves, ip_version == 4 ? 4 : 16);
	if (ip_version == 6 && below(random, 3) == 0)
		memcpy(ret, "\xfe\x80\0\0\0\0\0\0", 8);
}

static struct transition any_transition(uint64_t *random)
{
	struct transition event = {
		.skaddr = text_random(random),
		.cookie = any(random, UINT64_MAX),
		.time_ns = 5000000000 + below(random, 1ULL << 50),
		.duration_ns = below(random, 4) ? any(random, 1ULL << 53) : DURATION_UNKNOWN,
		.netns = (uint32_t)any(random, UINT32_MAX),
		.conn_seq = (uint32_t)any(random, UINT32_MAX),
		.uid = below(random, 4) ? (uint32_t)any(random, UINT32_MAX) : UID_UNKNOWN,
		.lport = (uint16_t)any(random, 65536),
		.rport = (uint16_t)any(random, 65536),
		.ip_version = below(random, 2) ? 4 : 6,
		.oldstate = (uint8_t)below(random, 16),
		.newstate = (uint8_t)below(random, 16),
		.cause = (uint8_t)below(random, CAUSES),
		.flags = below(random, 3) ? 0 : TRANSITION_AT_LEAST,
		.syn_retrans = (uint8_t)below(random, 256),
		.ifindex = (uint32_t)any(random, INT32_MAX),
		.mptcp_token = (uint32_t)any(random, UINT32_MAX),
	};

	event.owner.source = (uint8_t)below(random, OWNER_SOURCES);
	event.owner.pid = (uint32_t)any(random, 1 << 22) | (below(random, 4) ? 0 : OWNER_PID_OUTSIDE);
	event.owner.cgroup_id = any(random, UINT64_MAX);
	any_name(random, event.owner.comm, sizeof(event.owner.comm));
	any_address(random, event.ip_version, event.laddr);
	any_address(random, event.ip_version, event.raddr);
	return event;
}

static struct life any_life(uint64_t *random, uint64_t end_ns)
{
	struct life life = {
		.start_ns = end_ns - any(random, end_ns - 1),
		.rtt_samples = (uint32_t)any(random, 1000000),
		.role = (uint8_t)below(random, ROLES),
		.syn_retrans = (uint8_t)below(random, 256),
		.zero_windows = (uint32_t)any(random, UINT32_MAX),
	};

	life.rtt_sum_us = life.rtt_samples * any(random, UINT32_MAX) + (life.rtt_samples ? any(random, 1000) : 0);
	for (unsigned int state = 1; state < CONNECTION_STATES; state++)
		if (below(random, 2))
			life.in_state_ns[state] = any(random, 1ULL << 50);
	/* An older connection has no role and no handshake, mostly. */
	if (life.role == ROLE_UNKNOWN || below(random, 8) == 0) {
		life.is_old = true;
		life.syn_retrans = SYN_RETRANS_NONE;
	}
	return life;
}

static struct connection any_connection(uint64_t *random)
{
	struct connection connection = {.end = any_transition(random)};
	uint32_t counters[17];

	for (size_t i = 0; i < COUNT(counters); i++)
		counters[i] = (uint32_t)any(random, UINT32_MAX);
	connection.end.cause = (uint8_t)below(random, CAUSES);
	connection.life = any_life(random, connection.end.time_ns);
	connection.bytes_sent = any(random, UINT64_MAX);
	connection.bytes_acked = any(random, UINT64_MAX);
	connection.bytes_received = any(random, UINT64_MAX);
	connection.bytes_retrans = any(random, UINT64_MAX);
	for (unsigned int i = 0; i < CHRONOS; i++)
		connection.chrono_ns[i] = any(random, 1ULL << 50);
	connection.segs_out = counters[0];
	connection.segs_in = counters[1];
	connection.retransmits = counters[2];
	connection.srtt_us = counters[3];
	connection.min_rtt_us = below(random, 4) ? counters[4] : MIN_RTT_UNKNOWN;
	connection.rcv_rtt_us = counters[5];
	connection.lost = counters[6];
	connection.dsack_dups = counters[7];
	connection.reord_seen = counters[8];
	connection.delivered = counters[9];
	connection.delivered_ce = counters[10];
	connection.rto_count = connection.rto_recoveries = connection.rto_ms = RTO_UNKNOWN;
	if (below(random, 2)) {
		connection.rto_count = counters[11];
		connection.rto_recoveries = counters[12];
		connection.rto_ms = counters[13];
	}
	connection.rate_delivered = (uint32_t)any(random, 65536);
	connection.rate_interval_us = counters[14];
	connection.cwnd = counters[15];
	connection.ssthresh = below(random, 2) ? counters[16] : SSTHRESH_INFINITE;
	connection.mss = (uint32_t)any(random, 65536);
	connection.options = (uint32_t)below(random, 32);
	any_name(random, connection.congestion, sizeof(connection.congestion));
	return connection;
}

static struct retransmission any_retransmission(uint64_t *random)
{
	struct retransmission retransmission = {
		.socket = any_transition(random),
		.seq = (uint32_t)text_random(random),
		.bytes = (uint32_t)any(random, UINT32_MAX),
		.segments = (uint32_t)any(random, UINT32_MAX),
		.total = (uint32_t)any(random, UINT32_MAX),
		.kind = (uint8_t)below(random, RETRANSMISSION_KINDS),
	};

	retransmission.socket.oldstate = retransmission.socket.newstate;
	retransmission.socket.duration_ns = DURATION_UNKNOWN;
	retransmission.socket.flags = TRANSITION_SCAN;
	retransmission.socket.syn_retrans = SYN_RETRANS_NONE;
	retransmission.socket.cause = CAUSE_NONE;
	return retransmission;
}

struct name_texts {
	char text[8][24];
};

static struct names any_names(uint64_t *random, const struct transition *event, struct name_texts *texts)
{
	struct names names = {.asked = (unsigned int)below(random, 8)};
	struct name *all[] = {&names.cgroup, &names.unit,     &names.container, &names.pod,
			      &names.netns,  &names.lservice, &names.rservice,  &names.zone};

	for (size_t i = 0; i < COUNT(all); i++) {
		any_name(random, texts->text[i], i == 7 ? 15 : sizeof(texts->text[i]));
		if (below(random, 3))
			*all[i] = (struct name){texts->text[i], strlen(texts->text[i])};
	}
	if (!(names.asked & NAMES_CGROUP))
		names.cgroup = names.unit = names.container = names.pod = (struct name){};
	if (!(names.asked & NAMES_NETNS))
		names.netns = (struct name){};
	if (!(names.asked & NAMES_SERVICES))
		names.lservice = names.rservice = (struct name){};
	/* The resolver finds a zone for these only, at least the number. */
	if (!event->ifindex ||
	    !(zone_applies(event->ip_version, event->laddr) || zone_applies(event->ip_version, event->raddr)))
		names.zone = (struct name){};
	return names;
}

static struct rows_subject any_subject(uint64_t *random, enum record_type type)
{
	struct rows_subject subject = {.type = type};

	if (type == RECORD_TRANSITION)
		subject.transition = any_transition(random);
	else if (type == RECORD_RETRANSMISSION)
		subject.retransmission = any_retransmission(random);
	else
		subject.connection = any_connection(random);
	if (type == RECORD_CONNECTION && below(random, 4) == 0) {
		/* a part, the first or a later one */
		subject.connection.end.flags = TRANSITION_SCAN;
		subject.from_ns = below(random, 2) ? subject.transition.time_ns - below(random, 5000000000) : 0;
	}
	subject.base.clocks.newest = (struct clock_point){.realtime_offset_ns = BOOT_NS, .utc_offset_s = 5400};
	subject.base.first_ns = 4000000000 + below(random, 1000000000);
	return subject;
}

static void check_same(const struct rows_subject *live, const struct rows_subject *replay)
{
	struct strbuf first = text_new(ROWS_ROOM), second = text_new(ROWS_ROOM);

	for (enum column_style style = COLUMN_STYLE_TEXT; style <= COLUMN_STYLE_CSV; style++) {
		rows_text(&first, live, style);
		rows_text(&second, replay, style);
	}
	first.data[first.length] = '\0';
	text_check_bytes(&second, first.data, first.length);
	free(first.data);
}

/* The first row of a replay has the time of the live run's first row, as it is shown. */
static uint64_t first_of(const struct rows_subject *live)
{
	uint64_t ns = live->base.first_ns + (uint64_t)live->base.clocks.newest.realtime_offset_ns;

	return ns - ns % 1000;
}

static void check_subject(struct members *members, struct rows_subject *live)
{
	struct strbuf json = text_new(ROWS_ROOM), again = text_new(ROWS_ROOM);
	struct rows_subject replay;
	struct record record;

	rows_json(&json, live);
	if (rows_read(members, json.data, json.length - 1, 5400, &record, &replay))
		fail_msg("%s: %.*s", members->error.why.text, (int)json.length, json.data);
	replay.base.first_ns = first_of(live);
	check_same(live, &replay);
	rows_json(&again, &replay);
	json.data[json.length] = '\0';
	text_check_bytes(&again, json.data, json.length);
	free(json.data);
}

static void test_any_record(void **state)
{
	struct name_texts texts;
	struct members members;
	struct names names;
	uint64_t random = 1;

	(void)state;
	assert_int_equal(members_open(&members), 0);
	for (unsigned int i = 0; i < RECORDS; i++) {
		struct rows_subject subject = any_subject(&random, (enum record_type)(i % 3));

		names = any_names(&random, &subject.transition, &texts);
		if (below(&random, 2) || names.zone.bytes)
			subject.names = &names;
		check_subject(&members, &subject);
	}
	members_close(&members);
}

/* The clock was set by an hour while the connection was open: both ends are as they were shown. */
static void test_clock_was_set(void **state)
{
	struct members members;
	uint64_t random = 2;

	(void)state;
	assert_int_equal(members_open(&members), 0);
	for (unsigned int i = 0; i < RECORDS / 10; i++) {
		struct rows_subject subject = any_subject(&random, RECORD_CONNECTION);
		struct clock_history *clocks = &subject.base.clocks;

		clocks->older[clocks->count++] = clocks->newest;
		clocks->newest.realtime_offset_ns += 3600000000000;
		clocks->newest.from_ns = subject.transition.time_ns;
		subject.from_ns = 0;
		subject.base.first_ns = subject.transition.time_ns;
		check_subject(&members, &subject);
	}
	members_close(&members);
}

/* A byte that is no UTF-8 is U+FFFD in JSON, and so in a replay. Three bytes do not fit instead of each. */
static void test_no_utf8(void **state)
{
	struct rows_subject subject = {.type = RECORD_TRANSITION, .transition = records[0]}, replay;
	struct strbuf json = text_new(ROWS_ROOM);
	struct members members;
	struct record record;

	(void)state;
	assert_int_equal(members_open(&members), 0);
	memset(subject.transition.owner.comm, 0xff, 15);
	rows_json(&json, &subject);
	assert_int_equal(rows_read(&members, json.data, json.length - 1, 0, &record, &replay), 0);
	assert_string_equal(record.transition.owner.comm,
			    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	free(json.data);
	members_close(&members);
}

static void test_types(void **state)
{
	static const struct {
		const char *line;
		enum record_type type;
	} samples[] = {
		{"{\"v\":1,\"type\":\"transition\"}", RECORD_TRANSITION},
		{"{\"type\":\"connection\",\"v\":1,\"new\":[{\"type\":1}]}", RECORD_CONNECTION},
		{"{\"v\":1,\"type\":\"retransmission\"}", RECORD_RETRANSMISSION},
		{"{\"v\":1,\"type\":\"live-group\"}", RECORD_LIVE_GROUP},
		{"{\"v\":1,\"type\":\"start\"}", RECORD_NOTE},
		{"{\"v\":1,\"type\":\"\"}", RECORD_NOTE},
	};
	struct members members;
	enum record_type type;

	(void)state;
	assert_int_equal(members_open(&members), 0);
	for (size_t i = 0; i < COUNT(samples); i++) {
		assert_int_equal(members_read(&members, samples[i].line, strlen(samples[i].line)), 0);
		assert_int_equal(record_type_of(&members, &type), 0);
		assert_int_equal(type, samples[i].type);
	}
	members_close(&members);
}

/* Rows of a real run. */
static int check_file(const char *path)
{
	FILE *file = fopen(path, "re");
	struct rows_subject replay;
	struct members members;
	struct record record;
	char *line = NULL;
	size_t room = 0, rows = 0;
	ssize_t length;

	if (!file || members_open(&members))
		return 1;
	while ((length = getline(&line, &room, file)) > 0) {
		struct strbuf again = text_new(ROWS_ROOM);
		int error = rows_read(&members, line, (size_t)length - 1, 0, &record, &replay);

		if (!error)
			rows_json(&again, &replay);
		if (error || again.length != (size_t)length || memcmp(again.data, line, again.length) != 0) {
			printf("%s\n%s%.*s", members.error.why.text, line, (int)again.length, again.data);
			return 1;
		}
		free(again.data);
		rows++;
	}
	printf("%zu rows\n", rows);
	free(line);
	members_close(&members);
	fclose(file);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_record),
		cmocka_unit_test(test_clock_was_set),
		cmocka_unit_test(test_no_utf8),
		cmocka_unit_test(test_types),
	};

	if (!members_are_built())
		return 0;
	return argc > 1 ? check_file(argv[1]) : cmocka_run_group_tests(tests, NULL, NULL);
}
