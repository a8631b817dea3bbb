/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where rows leave the process: a buffer of whole lines in front of a descriptor that is written to without ever
 * blocking, so that a stopped reader cannot keep a tool from ending. What a reader gets are whole lines: pipes get them
 * in atomic writes, and a line that a full disk cut in two is taken back. (A socket or terminal that takes half a line
 * and then never reads again keeps that half.)
 *
 * A file that is appended to may be rotated while it is written: emptied, or renamed and opened again. An empty file
 * gets the header first.
 */
#ifndef TCPVITALS_OUTPUT_SINK_H
#define TCPVITALS_OUTPUT_SINK_H

#include "core/strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sink {
	int fd;
	int given_fd;         /* the caller's; the same, but where there is a twin */
	bool own_fd;          /* fd is a non-blocking twin of the caller's, and ours to close */
	bool regular;         /* a file: writes never wait */
	bool appends;         /* a file with O_APPEND: who empties it does not make a hole */
	bool begun;           /* the first header has been written */
	struct strbuf buffer; /* append whole lines here after sink_room() said yes */
	struct strbuf header; /* of sink_keep_header() */
	size_t written;       /* of buffer.length */
	size_t torn;          /* bytes written of a line that is not complete yet */
	uint64_t rows;        /* as counted by the caller: lines appended that are rows, not headers */
	int error; /* the first error that is final, negative errno: EPIPE, ENOSPC, ...; nothing is written after it */
};

/* `fd` stays the caller's and open. 0 or a negative errno; on success give it to sink_close(). */
int sink_open(int fd, struct sink *ret);

/*
 * What is in the buffer, which nothing has left yet, is the header: an empty file gets that again. Without a call, or
 * with more than 2048 bytes, there is none.
 */
void sink_keep_header(struct sink *sink);

/*
 * Appends to the file of that name from now on, under the caller's descriptor, and makes it where there is none. All
 * must have been written: else -EAGAIN. 0 or a negative errno; then the old file stays. The sink's fd is another one,
 * where it is a twin.
 */
int sink_reopen(struct sink *sink, const char *path);

/* Frees; writes nothing. */
void sink_close(struct sink *sink);

/* Flushes; whether `size` bytes more fit then. False also after an error. */
bool sink_make_room(struct sink *sink, size_t size);

/* Whether `size` bytes more fit, flushing if need be. False also after an error. */
static inline bool sink_room(struct sink *sink, size_t size)
{
	return (!sink->error && sink->buffer.capacity - sink->buffer.length >= size) || sink_make_room(sink, size);
}

/* 0 when everything is written, -EAGAIN when the reader is behind, else sink->error. */
int sink_flush(struct sink *sink);

static inline bool sink_is_empty(const struct sink *sink)
{
	return sink->written == sink->buffer.length;
}

/* Lines that are still in the buffer, a partly written one included. */
uint64_t sink_unwritten_lines(const struct sink *sink);

/* Those of them that are rows, where nothing but the first line is none. */
uint64_t sink_unwritten(const struct sink *sink);

#endif
