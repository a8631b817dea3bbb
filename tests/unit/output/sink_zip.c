/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The output of a tool is compressed: what can be read of the file, and when. */
#include "output/sink.h"
#include "output/zip.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sink_rows.h"

#ifdef HAVE_LIBZSTD

#include <zstd.h>

struct scene {
	char path[64], old[80];
	struct sink sink;
	int fd;
};

static void open_scene(struct scene *scene, const char *header)
{
	*scene = (struct scene){.path = "/tmp/tcpvitals-zip-XXXXXX"};
	close(mkstemp(scene->path));
	snprintf(scene->old, sizeof(scene->old), "%s.old", scene->path);
	scene->fd = open(scene->path, O_WRONLY | O_APPEND);
	assert_true(scene->fd >= 0);
	assert_int_equal(sink_open(scene->fd, &scene->sink), 0);
	assert_int_equal(sink_compress(&scene->sink), 0);
	strbuf_append_string(&scene->sink.buffer, header);
	sink_keep_header(&scene->sink);
}

static void close_scene(struct scene *scene)
{
	sink_close(&scene->sink);
	close(scene->fd);
	unlink(scene->path);
	unlink(scene->old);
}

/* Unpacks the file, which is complete. */
static void unpack(const char *path, char *ret, size_t size)
{
	static char packed[1024 * 1024];
	int fd = open(path, O_RDONLY);
	ssize_t length = read(fd, packed, sizeof(packed));
	ZSTD_inBuffer in = {.src = packed, .size = (size_t)length};
	ZSTD_outBuffer out = {.dst = ret, .size = size - 1};
	ZSTD_DStream *stream = ZSTD_createDStream();
	size_t left = 0;

	close(fd);
	assert_true(length >= 0);
	while (in.pos < in.size) {
		left = ZSTD_decompressStream(stream, &out, &in);
		assert_false(ZSTD_isError(left));
	}
	ZSTD_freeDStream(stream);
	ret[out.pos] = '\0';
	assert_int_equal(left, 0);
}

static void check(const char *path, const char *expected)
{
	char text[1024];

	unpack(path, text, sizeof(text));
	assert_string_equal(text, expected);
}

static void add(struct scene *scene, const char *line)
{
	assert_true(append_row(&scene->sink, line));
	assert_int_equal(sink_flush(&scene->sink), 0);
	assert_true(sink_is_empty(&scene->sink)); /* nothing waits for a reader */
}

static void lines_can_be_read_after_each_sync(void **state)
{
	struct scene scene;
	struct stat st;

	(void)state;
	open_scene(&scene, "HEADER\n");
	add(&scene, "one\n");
	assert_int_equal(fstat(scene.fd, &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(sink_unwritten(&scene.sink), 1);
	assert_int_equal(sink_sync(&scene.sink), 0);
	assert_int_equal(sink_unwritten(&scene.sink), 0);
	check(scene.path, "HEADER\none\n");
	assert_int_equal(sink_sync(&scene.sink), 0);
	add(&scene, "two\n");
	assert_int_equal(sink_sync(&scene.sink), 0);
	check(scene.path, "HEADER\none\ntwo\n");
	close_scene(&scene);
}

static void a_full_buffer_is_written(void **state)
{
	static char text[4 * 1024 * 1024];
	struct scene scene;
	unsigned int count = 0;
	const char *at = text;
	char line[64];

	(void)state;
	open_scene(&scene, "");
	for (; count < 100000; count++) {
		snprintf(line, sizeof(line), "a line as long as that, number %u\n", count);
		add(&scene, line);
	}
	assert_in_range(sink_unwritten(&scene.sink), 1, 50000);
	assert_int_equal(sink_sync(&scene.sink), 0);
	unpack(scene.path, text, sizeof(text));
	for (unsigned int i = 0; i < count; i++) {
		snprintf(line, sizeof(line), "a line as long as that, number %u\n", i);
		assert_memory_equal(at, line, strlen(line));
		at += strlen(line);
	}
	assert_int_equal(*at, '\0');
	close_scene(&scene);
}

static void a_file_that_was_emptied_begins_with_the_header(void **state)
{
	static const char *const headers[] = {"HEADER\n", ""};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct scene scene;
		char expected[32];

		open_scene(&scene, headers[i]);
		add(&scene, "one\n");
		assert_int_equal(sink_sync(&scene.sink), 0);
		assert_int_equal(truncate(scene.path, 0), 0);
		add(&scene, "two\n");
		assert_int_equal(sink_sync(&scene.sink), 0);
		snprintf(expected, sizeof(expected), "%stwo\n", headers[i]);
		check(scene.path, expected);
		close_scene(&scene);
	}
}

static void a_renamed_file_is_complete(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, "HEADER\n");
	add(&scene, "one\n");
	assert_int_equal(rename(scene.path, scene.old), 0);
	add(&scene, "two\n");
	assert_int_equal(sink_reopen(&scene.sink, scene.path), 0);
	check(scene.old, "HEADER\none\ntwo\n");
	check(scene.path, "HEADER\n");
	add(&scene, "three\n");
	/* not renamed: goes on behind what is there */
	assert_int_equal(sink_reopen(&scene.sink, scene.path), 0);
	add(&scene, "four\n");
	assert_int_equal(sink_sync(&scene.sink), 0);
	check(scene.path, "HEADER\nthree\nfour\n");
	close_scene(&scene);
}

/* Lines written before can be read. Nothing is written of the rest, and all of it counts. */
static void a_full_disk_leaves_what_can_be_read(void **state)
{
	struct rlimit old, limit;
	struct scene scene;
	struct stat st;

	(void)state;
	open_scene(&scene, "");
	add(&scene, "one\n");
	assert_int_equal(sink_sync(&scene.sink), 0);
	assert_int_equal(fstat(scene.fd, &st), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	limit = old;
	limit.rlim_cur = (rlim_t)st.st_size + 3;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	add(&scene, "two\n");
	add(&scene, "three\n");
	assert_int_equal(sink_sync(&scene.sink), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(sink_unwritten(&scene.sink), 2);
	assert_false(append_row(&scene.sink, "four\n"));
	assert_int_equal(sink_sync(&scene.sink), -EFBIG);
	check(scene.path, "one\n");
	close_scene(&scene);
}

static void only_a_file_is_compressed(void **state)
{
	struct sink sink;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(sink_open(fds[1], &sink), 0);
	assert_int_equal(sink_compress(&sink), -ESPIPE);
	sink_close(&sink);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_can_be_read_after_each_sync),
		cmocka_unit_test(a_full_buffer_is_written),
		cmocka_unit_test(a_file_that_was_emptied_begins_with_the_header),
		cmocka_unit_test(a_renamed_file_is_complete),
		cmocka_unit_test(a_full_disk_leaves_what_can_be_read),
		cmocka_unit_test(only_a_file_is_compressed),
	};

	signal(SIGXFSZ, SIG_IGN);
	return cmocka_run_group_tests_name("output/sink_zip", tests, NULL, NULL);
}

#else

static void a_build_without_libzstd_says_so(void **state)
{
	struct zip *zip;

	(void)state;
	assert_int_equal(zip_open(&zip), -EOPNOTSUPP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_build_without_libzstd_says_so)};

	return cmocka_run_group_tests_name("output/sink_zip", tests, NULL, NULL);
}

#endif
