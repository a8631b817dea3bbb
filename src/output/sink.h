/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The output of a tool: a buffer of whole lines in front of a descriptor. Writes never block, so a stopped reader
 * cannot keep a tool from ending.
 *
 * A reader gets whole lines. A pipe gets atomic writes. A line that a full disk cut in two is removed. One exception: a
 * socket or terminal that takes half a line and never reads again keeps that half.
 *
 * A compressed file gets its lines once a second (sink_sync()), or when the buffer is full: until then they wait in the
 * buffer. Each time they are a frame of their own: whatever happens to the process, the file is complete up to there.
 *
 * A file opened for appending may be rotated meanwhile: emptied, or renamed and opened again. An empty file gets the
 * header first.
 */
#ifndef TCPVITALS_OUTPUT_SINK_H
#define TCPVITALS_OUTPUT_SINK_H

#include "core/strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sink {
	int fd;
	int given_fd;   /* the caller's; the same as fd unless own_fd */
	bool own_fd;    /* fd is a second, non-blocking description, which sink_close() closes */
	bool regular;   /* a file: writes never wait */
	bool appends;   /* a file with O_APPEND: emptying the file leaves no hole */
	bool has_begun; /* bytes were written, or the file was opened again: from now on, an empty file gets a header */
	struct strbuf buffer; /* append whole lines here after sink_room() returned true */
	struct strbuf header; /* of sink_keep_header() */
	size_t written;       /* bytes of buffer.length */
	size_t torn_bytes;    /* bytes written of an incomplete line */
	uint64_t rows;        /* appended lines that are rows, not headers; the caller counts them */
	struct zip *zip;      /* the file is compressed; else NULL */
	int error;            /* first final error, negative errno: EPIPE, ENOSPC, ...; nothing is written after it */
};

/* Opens a sink on `fd`, which stays the caller's and open. 0 or a negative errno; on success, call sink_close(). */
int sink_open(int fd, struct sink *ret);

/*
 * Compresses the output from now on (zstd). 0; -EOPNOTSUPP: this build has no libzstd; -ESPIPE: the descriptor is no
 * file; -ENOMEM.
 */
int sink_compress(struct sink *sink);

/*
 * Keeps the buffer as the header, before the first flush. Every empty file gets this header. There is none without a
 * call, or with more than 8192 bytes.
 */
void sink_keep_header(struct sink *sink);

/*
 * Appends to the file `path` from now on, under the caller's descriptor; creates the file if there is none. 0, or a
 * negative errno and the old file stays: -EAGAIN if not everything was written. The sink's fd changes if own_fd.
 */
int sink_reopen(struct sink *sink, const char *path);

/* Frees the sink and writes nothing. */
void sink_close(struct sink *sink);

/* Flushes. True if `size` more bytes fit then; false also after an error. */
bool sink_make_room(struct sink *sink, size_t size);

/* True if `size` more bytes fit, after a flush if needed; false also after an error. */
static inline bool sink_room(struct sink *sink, size_t size)
{
	return (!sink->error && sink->buffer.capacity - sink->buffer.length >= size) || sink_make_room(sink, size);
}

/* Writes the lines that wait to be compressed together. Call it once a second. Returns 0 or sink->error. */
int sink_sync(struct sink *sink);

/* Writes the buffer, unless it waits for sink_sync(). 0 when everything is written, -EAGAIN when the reader is behind,
 * else sink->error. */
int sink_flush(struct sink *sink);

/* Whether no line waits for the reader. A file never lets lines wait. */
static inline bool sink_is_empty(const struct sink *sink)
{
	return sink->written == sink->buffer.length || sink->zip;
}

/* Returns the number of lines in the buffer, including a partly written one. */
uint64_t sink_unwritten_lines(const struct sink *sink);

/* Returns how many of these are rows. Only the first line may be a header. */
uint64_t sink_unwritten(const struct sink *sink);

#endif
