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

int sink_open(int fd, struct sink *ret)
{
	struct sink sink = {.fd = fd};
	struct stat st;
	char *data;

	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fstat(fd, &st))
		return -errno;
	if ((flags & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	sink.regular = S_ISREG(st.st_mode);
	data = malloc(SINK_CAPACITY);
	if (!data)
		return -ENOMEM;
	sink.buffer = strbuf_over(data, SINK_CAPACITY);
	if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)) {
		int twin = open_twin(fd);

		if (twin >= 0) {
			sink.fd = twin;
			sink.own_fd = true;
		}
	}
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

/* Keeps count of a line that has been written in part only. */
static void note_written(struct sink *sink, size_t length)
{
	const char *from = sink->buffer.data + sink->written;
	const char *newline = memrchr(from, '\n', length);

	sink->torn = newline ? (size_t)(from + length - newline) - 1 : sink->torn + length;
	sink->written += length;
}

/* A full disk takes what fits: takes back the beginning of a line, if it still is the end of the file. */
static void untear(struct sink *sink)
{
	off_t position = lseek(sink->fd, 0, SEEK_CUR);
	struct stat st;

	if (!sink->regular || !sink->torn || position < (off_t)sink->torn || fstat(sink->fd, &st) ||
	    st.st_size != position)
		return;
	position -= (off_t)sink->torn;
	if (ftruncate(sink->fd, position) || lseek(sink->fd, position, SEEK_SET) < 0)
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
		ssize_t written = sink_write(sink, sink->buffer.data + sink->written, next_chunk(sink));

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
