/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SINK_CAPACITY (64 * 1024)
#define HEADER_MAX    2048

/*
 * A second open file description of the same pipe or terminal: O_NONBLOCK on the caller's own would be set for the
 * shell and everybody else who has it, too. -1 where that cannot be had (a socket, no permission); sink_write() polls
 * first then.
 */
static int open_twin(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* 0 or a negative errno; then the sink is as it was. */
static int write_to(struct sink *sink, int fd)
{
	int flags = fcntl(fd, F_GETFL), twin = -1;
	struct stat st;

	if (flags < 0 || fstat(fd, &st))
		return -errno;
	if ((flags & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode))
		twin = open_twin(fd);
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
	int error = write_to(&sink, fd);
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
	*sink = (struct sink){.fd = -1};
}

/* As many whole lines as a pipe takes in one piece; a file takes all. */
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

/* Takes that much off the end of a file, if it still is what we have written there. */
static bool take_back(const struct sink *sink, size_t length)
{
	off_t position = lseek(sink->fd, 0, SEEK_CUR);
	struct stat st;

	if (!sink->regular || !length || position < (off_t)length || fstat(sink->fd, &st) || st.st_size != position)
		return false;
	position -= (off_t)length;
	return !ftruncate(sink->fd, position) && lseek(sink->fd, position, SEEK_SET) >= 0;
}

/* A file that has been emptied, or is a new one, begins with the header. */
static void begin_file(struct sink *sink)
{
	ssize_t written = 0;
	struct stat st;

	if (!sink->header.length || !sink->appends || !sink->begun || sink->torn || fstat(sink->fd, &st) || st.st_size)
		return;
	for (size_t done = 0; done < sink->header.length; done += (size_t)written) {
		written = sink_write(sink, sink->header.data + done, sink->header.length - done);
		if (written < 0) {
			take_back(sink, done);
			sink->error = (int)written;
			return;
		}
	}
}

/* Keeps count of a line that has been written in part only. */
static void note_written(struct sink *sink, size_t length)
{
	const char *from = sink->buffer.data + sink->written;
	const char *newline = memrchr(from, '\n', length);

	sink->torn = newline ? (size_t)(from + length - newline) - 1 : sink->torn + length;
	sink->written += length;
	sink->begun = true;
}

/* A full disk takes what fits: takes back the beginning of a line. */
static void untear(struct sink *sink)
{
	if (!take_back(sink, sink->torn))
		return;
	sink->written -= sink->torn;
	sink->torn = 0;
}

/* A terminal that was closed and a peer that has reset are readers that left, as one that has closed its pipe. */
static bool is_gone(const struct sink *sink, int error)
{
	return !sink->regular && (error == -EIO || error == -ECONNRESET || error == -ECONNREFUSED);
}

int sink_flush(struct sink *sink)
{
	while (!sink->error && !sink_is_empty(sink)) {
		ssize_t written;

		begin_file(sink);
		if (sink->error)
			break;
		written = sink_write(sink, sink->buffer.data + sink->written, next_chunk(sink));
		if (written == -EAGAIN)
			return -EAGAIN;
		if (written < 0) {
			sink->error = is_gone(sink, (int)written) ? -EPIPE : (int)written;
			untear(sink);
		} else {
			note_written(sink, (size_t)written);
		}
	}
	if (sink_is_empty(sink))
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

	if (!sink_is_empty(sink))
		return sink->error ? sink->error : -EAGAIN;
	/* O_NONBLOCK: a FIFO may be there that nobody reads. */
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666);
	if (fd < 0)
		return -errno;
	if (dup3(fd, sink->given_fd, O_CLOEXEC) < 0)
		error = -errno;
	close(fd);
	if (!error)
		error = write_to(sink, sink->given_fd);
	if (error)
		return error;
	if (twin >= 0)
		close(twin);
	sink->begun = true;
	begin_file(sink);
	return 0;
}

bool sink_make_room(struct sink *sink, size_t size)
{
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
