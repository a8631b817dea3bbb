/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/sink.h"

#include "output/zip.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SINK_CAPACITY (64 * 1024)
#define HEADER_MAX    8192

/* Lines that are compressed together: more of them take fewer bytes. */
#define ZIP_CAPACITY (1024 * 1024)

/*
 * Opens a second, non-blocking file description of the same pipe or terminal. The caller's description is shared with
 * the shell and other programs, which O_NONBLOCK would affect, too. Returns -1 if that is impossible (a socket, no
 * permission); sink_write() then polls first.
 */
static int open_nonblocking(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* Makes the sink write to `fd`. 0, or a negative errno and the sink is unchanged. */
static int set_target(struct sink *sink, int fd)
{
	int flags = fcntl(fd, F_GETFL), twin = -1;
	struct stat st;

	if (flags < 0 || fstat(fd, &st))
		return -errno;
	if ((flags & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode))
		twin = open_nonblocking(fd);
	sink->given_fd = fd;
	sink->own_fd = twin >= 0;
	sink->fd = sink->own_fd ? twin : fd;
	sink->regular = S_ISREG(st.st_mode);
	sink->appends = sink->regular && flags & O_APPEND;
	return 0;
}

int sink_open(int fd, struct sink *ret)
{
	struct sink sink = {};
	int error = set_target(&sink, fd);
	char *data;

	if (error)
		return error;
	data = malloc(SINK_CAPACITY + HEADER_MAX);
	if (!data) {
		if (sink.own_fd)
			close(sink.fd);
		return -ENOMEM;
	}
	sink.buffer = strbuf_over(data, SINK_CAPACITY);
	sink.header = strbuf_over(data + SINK_CAPACITY, HEADER_MAX);
	*ret = sink;
	return 0;
}

void sink_close(struct sink *sink)
{
	if (sink->own_fd)
		close(sink->fd);
	free(sink->buffer.data);
	zip_close(sink->zip);
	*sink = (struct sink){.fd = -1};
}

int sink_compress(struct sink *sink)
{
	char *data;
	int error;

	if (!sink->regular)
		return -ESPIPE;
	error = zip_open(&sink->zip);
	if (error)
		return error;
	data = realloc(sink->buffer.data, ZIP_CAPACITY + HEADER_MAX);
	if (!data)
		return -ENOMEM;
	sink->buffer = strbuf_over(data, ZIP_CAPACITY);
	sink->header = strbuf_over(data + ZIP_CAPACITY, HEADER_MAX);
	return 0;
}

/* Returns the bytes of the next write: whole lines that a pipe takes in one piece, or everything for a file. */
static size_t next_chunk(const struct sink *sink)
{
	const char *from = sink->buffer.data + sink->written;
	size_t length = sink->buffer.length - sink->written;
	const char *newline;

	if (sink->regular || length <= PIPE_BUF)
		return length;
	newline = memrchr(from, '\n', PIPE_BUF);
	return newline ? (size_t)(newline - from) + 1 : PIPE_BUF;
}

static ssize_t sink_write(const struct sink *sink, const char *from, size_t length)
{
	struct pollfd polled = {.fd = sink->fd, .events = POLLOUT};
	ssize_t written;

	if (!sink->regular && !sink->own_fd && poll(&polled, 1, 0) == 0)
		return -EAGAIN;
	do
		written = write(sink->fd, from, length);
	while (written < 0 && errno == EINTR);
	return written < 0 ? -errno : written;
}

/*
 * Removes `length` bytes from the end of a file, if the sink has written them and nothing follows. Returns true on
 * success.
 */
static bool cut_off_end(const struct sink *sink, size_t length)
{
	off_t position = lseek(sink->fd, 0, SEEK_CUR);
	struct stat st;

	if (!sink->regular || !length || position < (off_t)length || fstat(sink->fd, &st) || st.st_size != position)
		return false;
	position -= (off_t)length;
	return !ftruncate(sink->fd, position) && lseek(sink->fd, position, SEEK_SET) >= 0;
}

/* Writes all of `data` to a file, or nothing of it. Returns 0 or a negative errno. */
static int put(const struct sink *sink, const char *data, size_t length)
{
	for (size_t done = 0; done < length;) {
		ssize_t written = sink_write(sink, data + done, length - done);

		if (written < 0) {
			cut_off_end(sink, done);
			return (int)written;
		}
		done += (size_t)written;
	}
	return 0;
}

/* The same, compressed if the sink is. */
static int put_lines(const struct sink *sink, const char *lines, size_t length)
{
	if (!sink->zip)
		return put(sink, lines, length);
	lines = zip_pack(sink->zip, lines, length, &length);
	return lines ? put(sink, lines, length) : -ENOMEM;
}

/* Writes the header if the file is new or has been emptied. */
static void write_header_if_empty(struct sink *sink)
{
	struct stat st;

	if (!sink->header.length || !sink->appends || !sink->has_begun || sink->torn_bytes || fstat(sink->fd, &st) ||
	    st.st_size)
		return;
	sink->error = put_lines(sink, sink->header.data, sink->header.length);
}

/* Counts the written bytes, and the bytes of an incomplete line. */
static void note_written(struct sink *sink, size_t length)
{
	const char *from = sink->buffer.data + sink->written;
	const char *newline = memrchr(from, '\n', length);

	sink->torn_bytes = newline ? (size_t)(from + length - newline) - 1 : sink->torn_bytes + length;
	sink->written += length;
	sink->has_begun = true;
}

/* Removes the beginning of a line: a full disk takes what fits. */
static void remove_torn_line(struct sink *sink)
{
	if (!cut_off_end(sink, sink->torn_bytes))
		return;
	sink->written -= sink->torn_bytes;
	sink->torn_bytes = 0;
}

/* True if the reader has left: a closed terminal and a reset by the peer count as a closed pipe. */
static bool is_reader_gone(const struct sink *sink, int error)
{
	return !sink->regular && (error == -EIO || error == -ECONNRESET || error == -ECONNREFUSED);
}

int sink_sync(struct sink *sink)
{
	size_t length = sink->buffer.length - sink->written;

	if (!sink->zip || sink->error || !length)
		return sink->error;
	write_header_if_empty(sink);
	if (!sink->error)
		sink->error = put_lines(sink, sink->buffer.data + sink->written, length);
	if (!sink->error) {
		note_written(sink, length);
		sink->buffer.length = sink->written = 0;
	}
	return sink->error;
}

int sink_flush(struct sink *sink)
{
	while (!sink->error && !sink_is_empty(sink)) {
		ssize_t written;

		write_header_if_empty(sink);
		if (sink->error)
			break;
		written = sink_write(sink, sink->buffer.data + sink->written, next_chunk(sink));
		if (written == -EAGAIN)
			return -EAGAIN;
		if (written < 0) {
			sink->error = is_reader_gone(sink, (int)written) ? -EPIPE : (int)written;
			remove_torn_line(sink);
		} else {
			note_written(sink, (size_t)written);
		}
	}
	if (sink->written == sink->buffer.length)
		sink->buffer.length = sink->written = 0;
	return sink->error;
}

void sink_keep_header(struct sink *sink)
{
	sink->header.length = 0;
	strbuf_append(&sink->header, sink->buffer.data, sink->buffer.length);
}

int sink_reopen(struct sink *sink, const char *path)
{
	int fd, twin = sink->own_fd ? sink->fd : -1, error = 0;

	sink_sync(sink);
	if (sink->error || !sink_is_empty(sink))
		return sink->error ? sink->error : -EAGAIN;
	/* O_NONBLOCK: the path may be a FIFO without a reader. */
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666);
	if (fd < 0)
		return -errno;
	if (dup3(fd, sink->given_fd, O_CLOEXEC) < 0)
		error = -errno;
	close(fd);
	if (!error)
		error = set_target(sink, sink->given_fd);
	if (error)
		return error;
	if (twin >= 0)
		close(twin);
	sink->has_begun = true;
	write_header_if_empty(sink);
	return 0;
}

bool sink_make_room(struct sink *sink, size_t size)
{
	sink_sync(sink);
	sink_flush(sink);
	if (sink->error)
		return false;
	if (sink->written) {
		sink->buffer.length -= sink->written;
		memmove(sink->buffer.data, sink->buffer.data + sink->written, sink->buffer.length);
		sink->written = 0;
	}
	return sink->buffer.capacity - sink->buffer.length >= size;
}

uint64_t sink_unwritten_lines(const struct sink *sink)
{
	uint64_t lines = 0;

	for (size_t i = sink->written; i < sink->buffer.length; i++)
		lines += sink->buffer.data[i] == '\n';
	return lines;
}

uint64_t sink_unwritten(const struct sink *sink)
{
	uint64_t lines = sink_unwritten_lines(sink);

	return lines < sink->rows ? lines : sink->rows;
}
