/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The bytes that a replay reads. This is the one place that knows where they come from, and in which form: zstd frames
 * are known by their first bytes, and are unpacked. The only folder that reads with libzstd.
 */
#ifndef TCPVITALS_REPLAY_SOURCE_H
#define TCPVITALS_REPLAY_SOURCE_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Reads up to `size` bytes without waiting. Returns their number; 0 at the end; -EAGAIN if nothing is there yet; or
 * another negative errno.
 */
typedef ssize_t source_read_fn(void *context, char *buffer, size_t size);

struct source_unpacker;

struct source {
	source_read_fn *read;
	void *context;                    /* the source */
	struct source_unpacker *unpacker; /* NULL: plain */
	char head[4];                     /* the first bytes, while they are not known to be all there */
	size_t head_length;
	int fd;
	int own_fd; /* bool: source_close() closes it */
};

#define SOURCE_CLOSED ((struct source){.fd = -1})

/* Opens a file, or standard input for "-". Returns 0 or a negative errno. `ret` must not move afterwards. */
int source_open(const char *path, struct source *ret);
void source_close(struct source *source);

/* Why a read failed, in words. -EBADMSG: damaged; -ENODATA: cut off; -EOPNOTSUPP: packed, and no libzstd. */
const char *source_error(int error);

/* A source_read_fn for a struct source: the bytes as they are in the file. */
ssize_t source_read_plain(void *context, char *buffer, size_t size);

#endif
