/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The output of a tool is a file that is emptied, renamed or replaced. */
#include "output/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sink_rows.h"

/* A folder of its own: what is in it is removed at the end. */
struct folder {
	char path[64], file[80], old[80];
	struct sink sink;
	int fd;
};

static void folder_open(struct folder *folder, const char *header)
{
	*folder = (struct folder){.path = "/tmp/tcpvitals-sink-XXXXXX"};
	assert_non_null(mkdtemp(folder->path));
	snprintf(folder->file, sizeof(folder->file), "%s/file", folder->path);
	snprintf(folder->old, sizeof(folder->old), "%s/old", folder->path);
	folder->fd = open(folder->file, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
	assert_true(folder->fd >= 0);
	assert_int_equal(sink_open(folder->fd, &folder->sink), 0);
	strbuf_append_string(&folder->sink.buffer, header);
	sink_keep_header(&folder->sink);
}

static void folder_close(struct folder *folder)
{
	sink_close(&folder->sink);
	close(folder->fd);
	unlink(folder->file);
	unlink(folder->old);
	assert_int_equal(rmdir(folder->path), 0);
}

static void check_file(const char *path, const char *expected)
{
	char text[256];
	int fd = open(path, O_RDONLY);
	ssize_t length = read(fd, text, sizeof(text) - 1);

	assert_true(length >= 0);
	text[length] = '\0';
	assert_string_equal(text, expected);
	close(fd);
}

static void write_row(struct sink *sink, const char *line)
{
	assert_true(append_row(sink, line));
	assert_int_equal(sink_flush(sink), 0);
}

/* logrotate's copytruncate */
static void a_file_that_was_emptied_begins_with_the_header(void **state)
{
	struct folder folder;

	(void)state;
	folder_open(&folder, "HEADER\n");
	write_row(&folder.sink, "one\n");
	write_row(&folder.sink, "two\n");
	check_file(folder.file, "HEADER\none\ntwo\n");
	assert_int_equal(truncate(folder.file, 0), 0);
	write_row(&folder.sink, "three\n");
	write_row(&folder.sink, "four\n");
	check_file(folder.file, "HEADER\nthree\nfour\n");
	assert_int_equal(sink_unwritten(&folder.sink), 0);
	folder_close(&folder);

	/* as of JSON */
	folder_open(&folder, "");
	write_row(&folder.sink, "one\n");
	assert_int_equal(truncate(folder.file, 0), 0);
	write_row(&folder.sink, "two\n");
	check_file(folder.file, "two\n");
	folder_close(&folder);
}

/* Somebody else's file, which is not written at its end: there would be a hole in front of a second header. */
static void a_file_without_append_gets_one_header(void **state)
{
	struct sink sink;
	int fd = temporary_file();
	char text[32];

	(void)state;
	assert_int_equal(sink_open(fd, &sink), 0);
	strbuf_append_string(&sink.buffer, "HEADER\n");
	sink_keep_header(&sink);
	write_row(&sink, "one\n");
	assert_int_equal(ftruncate(fd, 0), 0);
	write_row(&sink, "two\n");
	assert_int_equal(pread(fd, text, sizeof(text), 11), 4);
	assert_memory_equal(text, "two\n", 4);
	sink_close(&sink);
	close(fd);
}

static void a_renamed_file_is_opened_again(void **state)
{
	struct folder folder;

	(void)state;
	folder_open(&folder, "HEADER\n");
	write_row(&folder.sink, "one\n");
	assert_int_equal(rename(folder.file, folder.old), 0);
	write_row(&folder.sink, "two\n");
	/* nothing that is still to be written may change its file */
	assert_true(append_row(&folder.sink, "three\n"));
	assert_int_equal(sink_reopen(&folder.sink, folder.file), -EAGAIN);
	assert_int_equal(sink_flush(&folder.sink), 0);
	assert_int_equal(sink_reopen(&folder.sink, folder.file), 0);
	check_file(folder.file, "HEADER\n");
	write_row(&folder.sink, "four\n");
	check_file(folder.old, "HEADER\none\ntwo\nthree\n");
	check_file(folder.file, "HEADER\nfour\n");
	/* the caller's descriptor is the new file's */
	assert_int_equal(write(folder.fd, "!\n", 2), 2);
	check_file(folder.file, "HEADER\nfour\n!\n");
	/* one that nobody has renamed is neither emptied nor given a second header */
	assert_int_equal(sink_reopen(&folder.sink, folder.file), 0);
	write_row(&folder.sink, "five\n");
	check_file(folder.file, "HEADER\nfour\n!\nfive\n");
	folder_close(&folder);
}

static void what_cannot_be_opened_leaves_the_old_file(void **state)
{
	struct folder folder;

	(void)state;
	folder_open(&folder, "HEADER\n");
	write_row(&folder.sink, "one\n");
	assert_int_equal(sink_reopen(&folder.sink, folder.path), -EISDIR);
	assert_int_equal(sink_reopen(&folder.sink, "/nowhere/file"), -ENOENT);
	write_row(&folder.sink, "two\n");
	check_file(folder.file, "HEADER\none\ntwo\n");
	/* a FIFO that nobody reads must not block */
	assert_int_equal(mkfifo(folder.old, 0600), 0);
	assert_int_equal(sink_reopen(&folder.sink, folder.old), -ENXIO);
	folder_close(&folder);
}

/* From a FIFO, with a twin, to a file and back. */
static void a_fifo_and_a_file_take_each_others_place(void **state)
{
	struct folder folder;
	char text[32];
	int reader;

	(void)state;
	folder_open(&folder, "");
	assert_int_equal(mkfifo(folder.old, 0600), 0);
	reader = open(folder.old, O_RDONLY | O_NONBLOCK);
	assert_int_equal(sink_reopen(&folder.sink, folder.old), 0);
	assert_true(folder.sink.own_fd && !folder.sink.regular);
	write_row(&folder.sink, "one\n");
	assert_int_equal(read(reader, text, sizeof(text)), 4);
	assert_int_equal(sink_reopen(&folder.sink, folder.file), 0);
	assert_true(!folder.sink.own_fd && folder.sink.regular);
	write_row(&folder.sink, "two\n");
	check_file(folder.file, "two\n");
	/* nobody has the FIFO any more */
	assert_int_equal(read(reader, text, sizeof(text)), 0);
	close(reader);
	folder_close(&folder);
}

/* RLIMIT_FSIZE: the disk is full before the new file has its header, or right after it. */
static void a_disk_that_is_full_after_reopening(void **state)
{
	static const rlim_t limits[] = {4, 10};
	static const char *const left[] = {"", "HEADER\n"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct rlimit old, limit;
		struct folder folder;

		folder_open(&folder, "HEADER\n");
		write_row(&folder.sink, "one\n");
		assert_int_equal(rename(folder.file, folder.old), 0);
		assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
		limit = old;
		limit.rlim_cur = limits[i];
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
		assert_int_equal(sink_reopen(&folder.sink, folder.file), 0);
		assert_int_equal(folder.sink.error, i ? 0 : -EFBIG);
		assert_int_equal(append_row(&folder.sink, "eleven chars\n"), i == 1);
		assert_int_equal(sink_flush(&folder.sink), -EFBIG);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
		check_file(folder.file, left[i]);
		check_file(folder.old, "HEADER\none\n");
		assert_int_equal(sink_unwritten(&folder.sink), i);
		folder_close(&folder);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_that_was_emptied_begins_with_the_header),
		cmocka_unit_test(a_file_without_append_gets_one_header),
		cmocka_unit_test(a_renamed_file_is_opened_again),
		cmocka_unit_test(what_cannot_be_opened_leaves_the_old_file),
		cmocka_unit_test(a_fifo_and_a_file_take_each_others_place),
		cmocka_unit_test(a_disk_that_is_full_after_reopening),
	};

	signal(SIGXFSZ, SIG_IGN);
	return cmocka_run_group_tests_name("output/sink_files", tests, NULL, NULL);
}
