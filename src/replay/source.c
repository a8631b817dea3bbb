/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "replay/source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

ssize_t source_read_plain(void *context, char *buffer, size_t size)
{
	const struct source *source = context;
	struct pollfd polled = {.fd = source->fd, .events = POLLIN};
	ssize_t length;

	/* Not O_NONBLOCK: that would be a setting of the terminal or the pipe, which others share. */
	if (poll(&polled, 1, 0) == 0)
		return -EAGAIN;
	length = read(source->fd, buffer, size);
	if (length >= 0)
		return length;
	return errno == EINTR ? -EAGAIN : -errno;
}

#ifdef HAVE_LIBZSTD

#include <zstd.h>

#define PACKED_SIZE (128 * 1024)

struct source_unpacker {
	ZSTD_DStream *stream;
	ZSTD_inBuffer in;
	size_t left;  /* 0: at the end of a frame */
	bool is_full; /* the last call had no room for all that it had */
	char packed[PACKED_SIZE];
};

/* `head`: the first bytes of the file. Returns 0 or -ENOMEM. */
static int open_unpacker(struct source *source)
{
	struct source_unpacker *unpacker = malloc(sizeof(*unpacker));

	if (!unpacker)
		return -ENOMEM;
	*unpacker = (struct source_unpacker){.stream = ZSTD_createDStream(), .in = {.size = source->head_length}};
	unpacker->in.src = unpacker->packed;
	memcpy(unpacker->packed, source->head, source->head_length);
	source->unpacker = unpacker;
	return unpacker->stream ? 0 : -ENOMEM;
}

static void close_unpacker(struct source_unpacker *unpacker)
{
	if (unpacker)
		ZSTD_freeDStream(unpacker->stream);
	free(unpacker);
}

/* Reads more packed bytes when all are unpacked. Returns their number, or what source_read_fn returns. */
static ssize_t fill(struct source *source)
{
	struct source_unpacker *unpacker = source->unpacker;
	ssize_t length;

	if (unpacker->in.pos < unpacker->in.size || unpacker->is_full)
		return 1;
	length = source_read_plain(source, unpacker->packed, sizeof(unpacker->packed));
	if (length > 0)
		unpacker->in = (ZSTD_inBuffer){.src = unpacker->packed, .size = (size_t)length};
	else if (!length && unpacker->left)
		return -ENODATA;
	return length;
}

static ssize_t read_packed(void *context, char *buffer, size_t size)
{
	struct source *source = context;
	struct source_unpacker *unpacker = source->unpacker;
	ZSTD_outBuffer out = {.dst = buffer, .size = size};

	while (!out.pos) {
		ssize_t length = fill(source);

		if (length <= 0)
			return length;
		unpacker->left = ZSTD_decompressStream(unpacker->stream, &out, &unpacker->in);
		if (ZSTD_isError(unpacker->left))
			return -EBADMSG;
		unpacker->is_full = out.pos == out.size && unpacker->left;
	}
	return (ssize_t)out.pos;
}

#else

static int open_unpacker(struct source *source)
{
	(void)source;
	return -EOPNOTSUPP;
}

static void close_unpacker(struct source_unpacker *unpacker)
{
	(void)unpacker;
}

static ssize_t read_packed(void *context, char *buffer, size_t size)
{
	(void)context, (void)buffer, (void)size;
	return -EOPNOTSUPP;
}

#endif

/* Finds out in which form the bytes are, and reads the first ones. */
static ssize_t read_first(void *context, char *buffer, size_t size)
{
	static const char magic[4] = {'\x28', '\xb5', '\x2f', '\xfd'};
	struct source *source = context;
	ssize_t length = 1;
	int error;

	while (length > 0 && source->head_length < sizeof(magic)) {
		length = source_read_plain(source, source->head + source->head_length,
					   sizeof(magic) - source->head_length);
		if (length < 0)
			return length;
		source->head_length += (size_t)length;
	}
	if (source->head_length == sizeof(magic) && !memcmp(source->head, magic, sizeof(magic))) {
		error = open_unpacker(source);
		source->read = read_packed;
		return error ? error : read_packed(source, buffer, size);
	}
	source->read = source_read_plain;
	memcpy(buffer, source->head, source->head_length);
	return (ssize_t)source->head_length;
}

int source_open(const char *path, struct source *ret)
{
	struct stat st;
	int error = 0;

	ret->own_fd = strcmp(path, "-") != 0;
	ret->fd = ret->own_fd ? open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC) : STDIN_FILENO;
	if (ret->fd < 0 || fstat(ret->fd, &st))
		error = -errno;
	else if (S_ISDIR(st.st_mode))
		error = -EISDIR;
	ret->read = read_first;
	ret->context = ret;
	return error;
}

const char *source_error(int error)
{
	return error == -EBADMSG   ? "the zstd data is damaged there"
	       : error == -ENODATA ? "the zstd data is cut off there; all rows before were read"
	       : error == -EOPNOTSUPP
		       ? "packed, and this build has no libzstd; use zstd -dc FILE | tcpstates --replay -"
		       : strerror(-error);
}

void source_close(struct source *source)
{
	close_unpacker(source->unpacker);
	if (source->own_fd && source->fd >= 0)
		close(source->fd);
	*source = SOURCE_CLOSED;
}
