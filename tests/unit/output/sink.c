/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The output of a tool: readers that stop or leave, and full disks. */
#include "output/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sink_rows.h"

/* Reads what is there and checks that it is whole lines "row <i>\n", i counting on from *next. */
static void read_rows(int fd, unsigned int *next)
{
	static char text[4 * 1024 * 1024];
	ssize_t length = read(fd, text, sizeof(text) - 1);
	char *line = text;

	assert_true(length > 0);
	text[length] = '\0';
	assert_int_equal(text[length - 1], '\n');
	while (*line) {
		char expected[32];
		size_t size = (size_t)snprintf(expected, sizeof(expected), "row %u\n", *next);

		assert_memory_equal(line, expected, size);
		line += size;
		++*next;
	}
}

/* Rows until the sink has no room any more: their number. */
static unsigned int fill(struct sink *sink)
{
	unsigned int count = 0;
	char line[32];

	do
		snprintf(line, sizeof(line), "row %u\n", count);
	while (append_row(sink, line) && ++count);
	return count;
}

static void writes_lines_to_a_file(void **state)
{
	int fd = temporary_file();
	struct sink sink;
	char text[32];

	(void)state;
	assert_int_equal(sink_open(fd, &sink), 0);
	strbuf_append_string(&sink.buffer, "HEADER\n");
	assert_true(append_row(&sink, "one\n"));
	assert_int_equal(sink_unwritten(&sink), 1); /* the header is no row */
	assert_int_equal(sink_unwritten_lines(&sink), 2);
	assert_int_equal(sink_flush(&sink), 0);
	assert_int_equal(sink_unwritten(&sink), 0);
	assert_true(sink_is_empty(&sink));
	assert_int_equal(pread(fd, text, sizeof(text), 0), 11);
	assert_memory_equal(text, "HEADER\none\n", 11);
	sink_close(&sink);
	close(fd);
}

static void a_stopped_reader_gets_whole_lines_later(void **state)
{
	unsigned int count, next = 0;
	struct sink sink;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(sink_open(fds[1], &sink), 0);
	count = fill(&sink);
	assert_int_equal(sink.error, 0);
	assert_int_equal(sink_flush(&sink), -EAGAIN);
	assert_true(sink_unwritten(&sink) > 0);
	/* the caller's own descriptor stays as it was */
	assert_int_equal(fcntl(fds[1], F_GETFL) & O_NONBLOCK, 0);

	while (sink_flush(&sink) == -EAGAIN)
		read_rows(fds[0], &next);
	assert_int_equal(sink_unwritten(&sink), 0);
	close(fds[1]);
	sink_close(&sink);
	while (next < count)
		read_rows(fds[0], &next);
	assert_int_equal(next, count);
	close(fds[0]);
}

/* Sockets have no twin: the sink polls before each write. */
static void a_full_socket_does_not_block(void **state)
{
	struct sink sink;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(sink_open(fds[1], &sink), 0);
	assert_false(sink.own_fd);
	fill(&sink);
	assert_int_equal(sink.error, 0);
	assert_int_equal(sink_flush(&sink), -EAGAIN);
	sink_close(&sink);
	close(fds[0]);
	close(fds[1]);
}

static void a_reader_that_left_is_an_error(void **state)
{
	struct sink sink;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(sink_open(fds[1], &sink), 0);
	close(fds[0]);
	assert_true(append_row(&sink, "row 0\n"));
	assert_int_equal(sink_flush(&sink), -EPIPE);
	assert_false(sink_room(&sink, 1));
	assert_int_equal(sink_unwritten(&sink), 1);
	sink_close(&sink);
	close(fds[1]);
}

static void dev_full_is_an_error(void **state)
{
	int fd = open("/dev/full", O_WRONLY);
	struct sink sink;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(sink_open(fd, &sink), 0);
	assert_true(append_row(&sink, "row 0\n"));
	assert_int_equal(sink_flush(&sink), -ENOSPC);
	assert_int_equal(sink_unwritten(&sink), 1);
	sink_close(&sink);
	close(fd);
}

/* RLIMIT_FSIZE is a disk that is full after 100 bytes, without root. */
static void a_line_cut_in_two_is_taken_back(void **state)
{
	struct rlimit old, limit;
	int fd = temporary_file();
	struct sink sink;
	struct stat st;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	limit = old;
	limit.rlim_cur = 100;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(sink_open(fd, &sink), 0);
	for (int i = 0; i < 20; i++)
		assert_true(append_row(&sink, "elevenchars\n"));
	assert_int_equal(sink_flush(&sink), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 96); /* 8 of 12 bytes */
	assert_int_equal(sink_unwritten(&sink), 12);
	sink_close(&sink);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_lines_to_a_file),
		cmocka_unit_test(a_stopped_reader_gets_whole_lines_later),
		cmocka_unit_test(a_full_socket_does_not_block),
		cmocka_unit_test(a_reader_that_left_is_an_error),
		cmocka_unit_test(dev_full_is_an_error),
		cmocka_unit_test(a_line_cut_in_two_is_taken_back),
	};

	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	return cmocka_run_group_tests_name("output/sink", tests, NULL, NULL);
}
