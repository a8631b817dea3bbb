/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Screens of the live view, compared with tests/golden/live.*: each line of text, then the styles of each line. A
 * screen of any size is filled without a line that is too long.
 */
#include "output/live_draw.h"

#include "../core/live_records.h"
#include "core/tcp_state.h"
#include "records.h"

#define RECORDS 9

static struct live live;
static struct live_view view;
static struct live_pace pace;
static struct live_frame frame;
static struct picture picture;

/* Connections of each kind: states, roles, IPv6, names, limits, unknown values. */
static void fill_in(struct connection open[RECORDS], unsigned int second)
{
	for (unsigned int i = 0; i < RECORDS; i++) {
		open[i] = live_record(i, second);
		open[i].bytes_received = (uint64_t)second * second * 1000 << 2 * i;
		open[i].bytes_acked = open[i].bytes_sent = (uint64_t)second * 7 << i;
		open[i].srtt_us = 90 << i;
		open[i].min_rtt_us = 80 << i;
	}
	open[1].end.newstate = open[1].end.oldstate = STATE_CLOSE_WAIT;
	open[1].life.in_state_ns[STATE_CLOSE_WAIT] = SECOND;
	open[1].end.duration_ns = SECOND;
	open[2].end.owner.source = OWNER_UNKNOWN;
	open[2].end.uid = UID_UNKNOWN;
	open[2].life.role = ROLE_UNKNOWN;
	open[2].life.is_old = 1;
	open[2].end.flags |= TRANSITION_AT_LEAST;
	open[2].srtt_us = 0;
	open[3].end.ip_version = 6;
	memcpy(open[3].end.laddr, (uint8_t[16]){0x20, 1, 0xd, 0xb8, [15] = 1}, 16);
	memcpy(open[3].end.raddr, (uint8_t[16]){0x20, 1, 0xd, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 16);
	/* an attack on the terminal, and wide characters */
	memcpy(open[4].end.owner.comm, "\x1b[2J\n", 6);
	memcpy(open[5].end.owner.comm, "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e-web", 14);
	open[6].retransmits = second;
	open[6].bytes_retrans = 1448ULL * second;
	open[6].lost = second;
	open[6].chrono_ns[CHRONO_BUSY] = (second - 1) * SECOND;
	open[6].send_queue = 123456;
	open[6].rto_count = 2;
	open[6].rto_recoveries = 1;
	open[6].rto_ms = 410;
	open[7].bytes_sent = open[7].bytes_acked = 3000000000ULL * second;
	open[7].chrono_ns[CHRONO_RWND] = (second - 1) * SECOND * 9 / 10;
	open[7].recv_queue = 77;
	open[7].options = CONNECTION_SACK | CONNECTION_TIMESTAMPS | CONNECTION_ECN | CONNECTION_RATE_APP_LIMITED;
	open[7].delivered = 900;
	open[7].delivered_ce = 3;
	open[7].rate_delivered = 20;
	open[7].rate_interval_us = 20000;
	open[7].life.zero_windows = 4;
	open[7].life.in_state_ns[STATE_SYN_RECV] = SECOND / 5;
	open[7].ssthresh = 40;
}

/* One cell for each character, but two for ideographs. */
static int cells_of(uint32_t code)
{
	return code >= 0x3000 && code < 0xa000 ? 2 : 1;
}

static int setup(void **state)
{
	struct connection open[RECORDS], ended[3] = {live_ended(20, 10), live_ended(21, 11), live_ended(22, 12)};

	(void)state;
	assert_int_equal(live_open(&live), 0);
	view = (struct live_view){.sort = LIVE_COLUMN_IN};
	pace = (struct live_pace){.wanted_ns = 2 * SECOND, .interval_ns = 2 * SECOND};
	frame = (struct live_frame){.live = &live,
				    .view = &view,
				    .base = &records_base,
				    .pace = &pace,
				    .now_ns = 13 * SECOND,
				    .filter = "",
				    .typed = ""};
	picture = (struct picture){.cell_width = cells_of};
	fill_in(open, 11);
	live_pass(&live, 11, open, RECORDS - 1);
	ended[0].end.cause = CAUSE_TIMEOUT_RETRANSMISSION;
	ended[1].end.cause = CAUSE_FIN_REMOTE;
	ended[1].end.oldstate = STATE_LAST_ACK;
	ended[2].life.is_old = 1;
	for (size_t i = 0; i < COUNT(ended); i++)
		live_take_end(&live, &ended[i], ended[i].end.time_ns);
	fill_in(open, 13);
	live_pass(&live, 13, open, RECORDS);
	assert_int_equal(live_view_arrange(&view, &live, 13 * SECOND), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	picture_close(&picture);
	live_view_close(&view);
	live_close(&live);
	return 0;
}

static void draw(size_t width, size_t height)
{
	struct live_pages pages = live_pages_of(height, frame.shows_details);

	assert_int_equal(picture_begin(&picture, width, height), 0);
	live_view_scroll(&view, pages.rows, pages.ends);
	live_draw(&frame, &picture);
}

/* Each line is as wide as it says, and no byte is outside its runs. */
static void check_lines(void)
{
	for (size_t i = 0; i < picture.height; i++) {
		const struct picture_line *line = &picture.lines[i];

		assert_false(line->text.overflow);
		assert_true(line->cells <= picture.width);
		assert_true(!line->text.length || (line->run_count && line->runs[0].offset == 0));
		for (size_t j = 0; j < line->text.length; j++)
			assert_true((unsigned char)line->text.data[j] >= ' ');
		for (size_t j = 1; j < line->run_count; j++)
			assert_true(line->runs[j].offset > line->runs[j - 1].offset);
	}
}

static void append_styles(struct strbuf *out, size_t number)
{
	static const char *const names[STYLES] = {"plain",    "strong", "faint",  "heading", "sorted",
						  "selected", "good",   "notice", "bad"};
	const struct picture_line *line = &picture.lines[number];

	strbuf_append_u64(out, number);
	strbuf_append_char(out, ':');
	for (size_t i = 0; i < line->run_count; i++) {
		strbuf_append_char(out, ' ');
		strbuf_append_string(out, names[line->runs[i].style]);
		strbuf_append_char(out, '@');
		strbuf_append_u64(out, line->runs[i].offset);
	}
	strbuf_append_char(out, '\n');
}

static void check(const char *name, size_t width, size_t height)
{
	struct strbuf text = text_new(1 << 16);

	draw(width, height);
	check_lines();
	for (size_t i = 0; i < height; i++) {
		strbuf_append(&text, picture.lines[i].text.data, picture.lines[i].text.length);
		while (text.length && text.data[text.length - 1] == ' ')
			text.length--;
		strbuf_append_char(&text, '\n');
	}
	for (size_t i = 0; i < height; i++)
		append_styles(&text, i);
	golden_check(name, &text);
}

static void test_connections(void **state)
{
	(void)state;
	check("live.80x24", 80, 24);
	check("live.200x50", 200, 50);
}

static void test_totals_and_filter(void **state)
{
	(void)state;
	view.totals = true;
	view.sort = LIVE_COLUMN_SEND_QUEUE;
	frame.filter = "lport 443";
	frame.lost = 12;
	live.crowded_out = 3100;
	frame.is_paused = true;
	pace.interval_ns = 5 * SECOND;
	pace.cpu_ns = SECOND / 4;
	assert_int_equal(live_view_arrange(&view, &live, 13 * SECOND), 0);
	check("live.totals", 120, 24);
}

static void test_details(void **state)
{
	(void)state;
	frame.shows_details = true;
	live_view_move(&view, &live, 1);
	check("live.details", 80, 24);
	/* of an ended one */
	view.among_ends = true;
	view.end_selected = view.ends[0];
	check("live.details.ended", 80, 24);
}

static struct labels peers;

static void group_by(const char *words)
{
	struct parse_error error;

	view.by = LIVE_BY_GROUP;
	view.labels = &peers;
	assert_int_equal(labels_parse_groups(words, &peers, &error), 0);
}

static void test_groups(void **state)
{
	(void)state;
	group_by("prefix:24/64");
	assert_int_equal(live_view_arrange(&view, &live, 13 * SECOND), 0);
	check("live.groups", 80, 24);
}

static void test_listeners(void **state)
{
	struct listener_record listener = {
		.socket = {.time_ns = 13 * SECOND,
			   .owner = {.pid = 811, .source = OWNER_LISTEN, .comm = "app"},
			   .laddr = {10, 0, 0, 1},
			   .lport = 8080,
			   .ip_version = 4,
			   .newstate = STATE_LISTEN},
		.since_ns = 3 * SECOND,
		.syn_cookie_age_ns = SYN_COOKIE_NEVER,
		.limit = 128,
		.syn_cookies = 1,
	};

	(void)state;
	listener_table_begin(&live.listeners);
	assert_int_equal(listener_table_add(&live.listeners, &listener), 0);
	listener.socket.skaddr = 1;
	listener.socket.lport = 8081;
	listener.socket.ip_version = 6;
	listener.socket.owner.source = OWNER_UNKNOWN;
	listener.backlog = listener.highest = 129;
	listener.queued = 2129;
	listener.drops = 53;
	listener.syn_cookie_age_ns = SECOND;
	assert_int_equal(listener_table_add(&live.listeners, &listener), 0);
	listener_table_end(&live.listeners);
	view.by = LIVE_LISTENERS;
	assert_int_equal(live_view_arrange(&view, &live, 13 * SECOND), 0);
	check("live.listeners", 120, 24);
}

static void test_help(void **state)
{
	(void)state;
	frame.shows_help = true;
	check("live.help", 80, 36);
	for (size_t i = 0; i < 36; i++)
		assert_true(picture.lines[i].cells < 80 || i == 35);
}

static void test_bottom(void **state)
{
	(void)state;
	frame.is_typing = true;
	frame.typed = "lport 8";
	draw(80, 24);
	assert_memory_equal(picture.lines[23].text.data, "filter: lport 8", 15);
	assert_int_equal(picture.cursor_line, 23);
	assert_int_equal(picture.cursor_column, 15);
	frame.message = "wrong";
	draw(80, 24);
	assert_memory_equal(picture.lines[22].text.data, "wrong", 5);
	assert_int_equal(picture.lines[22].cells, 5);
	frame.is_typing = false;
	frame.message = "port \"x\": not a number from 1 to 65535";
	draw(80, 24);
	assert_memory_equal(picture.lines[23].text.data, frame.message, strlen(frame.message));
	assert_int_equal(picture.cursor_line, 24);
}

static void test_nothing(void **state)
{
	(void)state;
	live_pass(&live, 14, NULL, 0);
	live_pass(&live, 15, NULL, 0);
	assert_int_equal(live_view_arrange(&view, &live, 100 * SECOND), 0);
	frame.shows_details = true;
	check("live.nothing", 80, 24);
}

/* Each size, each column to sort by, each kind of lines. */
static void test_sizes(void **state)
{
	static const size_t heights[] = {1, 2, 5, 6, 10, 11, 13, 24, 60};

	(void)state;
	group_by("comm,raddr");
	for (size_t width = 1; width < 220; width += width < 30 ? 1 : 13) {
		for (size_t i = 0; i < COUNT(heights) * 2 * LIVE_COLUMNS; i++) {
			view.by = (enum live_by)(i % LIVE_BYS);
			view.sort = (enum live_column)(i % LIVE_COLUMNS);
			if (!live_column_applies((int)view.sort, view.by))
				view.sort = LIVE_COLUMN_IN;
			frame.shows_details = i / COUNT(heights) % 2;
			frame.shows_help = i % 7 == 0;
			assert_int_equal(live_view_arrange(&view, &live, 13 * SECOND), 0);
			draw(width, heights[i % COUNT(heights)]);
			check_lines();
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_connections, setup, teardown),
		cmocka_unit_test_setup_teardown(test_totals_and_filter, setup, teardown),
		cmocka_unit_test_setup_teardown(test_details, setup, teardown),
		cmocka_unit_test_setup_teardown(test_groups, setup, teardown),
		cmocka_unit_test_setup_teardown(test_listeners, setup, teardown),
		cmocka_unit_test_setup_teardown(test_help, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bottom, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sizes, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
