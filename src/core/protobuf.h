/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Writes messages in the wire format of Protocol Buffers (protobuf.dev/programming-guides/encoding). Each function
 * appends one field with its number; fields that are zero may be left out by the caller.
 */
#ifndef TCPVITALS_CORE_PROTOBUF_H
#define TCPVITALS_CORE_PROTOBUF_H

#include "core/strbuf.h"

#include <stddef.h>
#include <stdint.h>

void protobuf_append_u64(struct strbuf *out, uint32_t field, uint64_t value);  /* uint32, uint64, bool, enum */
void protobuf_append_s64(struct strbuf *out, uint32_t field, int64_t value);   /* sint32, sint64 */
void protobuf_append_double(struct strbuf *out, uint32_t field, double value); /* double */
void protobuf_append_bytes(struct strbuf *out, uint32_t field, const char *bytes, size_t length);
void protobuf_append_string(struct strbuf *out, uint32_t field, const char *text);

/*
 * A message within a message. protobuf_begin() returns a mark for protobuf_end(), which puts the length in front of
 * the fields that were appended between the two. With `field` 0 the message is not in another one: it has only its
 * length in front, as in a stream of messages.
 */
size_t protobuf_begin(struct strbuf *out, uint32_t field);
void protobuf_end(struct strbuf *out, size_t mark);

#endif
