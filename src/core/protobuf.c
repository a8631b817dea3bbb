/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/protobuf.h"

#include <string.h>

#define VARINT_MAX 10 /* bytes */

enum wire_type {
	WIRE_VARINT = 0,
	WIRE_64_BITS = 1,
	WIRE_BYTES = 2,
};

/* Seven bits in each byte, the lowest first; the top bit says that another byte follows. */
static size_t encode_varint(char ret[VARINT_MAX], uint64_t value)
{
	size_t length = 0;

	while (value >= 0x80) {
		ret[length++] = (char)(value | 0x80);
		value >>= 7;
	}
	ret[length++] = (char)value;
	return length;
}

static void append_varint(struct strbuf *out, uint64_t value)
{
	char bytes[VARINT_MAX];

	strbuf_append(out, bytes, encode_varint(bytes, value));
}

static void append_tag(struct strbuf *out, uint32_t field, enum wire_type type)
{
	append_varint(out, (uint64_t)field << 3 | type);
}

void protobuf_append_u64(struct strbuf *out, uint32_t field, uint64_t value)
{
	append_tag(out, field, WIRE_VARINT);
	append_varint(out, value);
}

void protobuf_append_s64(struct strbuf *out, uint32_t field, int64_t value)
{
	/* "zigzag": small numbers of either sign are short */
	protobuf_append_u64(out, field, (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0));
}

void protobuf_append_double(struct strbuf *out, uint32_t field, double value)
{
	char bytes[sizeof(value)];
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(bits >> 8 * i); /* little-endian on every machine */
	append_tag(out, field, WIRE_64_BITS);
	strbuf_append(out, bytes, sizeof(bytes));
}

void protobuf_append_bytes(struct strbuf *out, uint32_t field, const char *bytes, size_t length)
{
	append_tag(out, field, WIRE_BYTES);
	append_varint(out, length);
	strbuf_append(out, bytes, length);
}

void protobuf_append_string(struct strbuf *out, uint32_t field, const char *text)
{
	protobuf_append_bytes(out, field, text, strlen(text));
}

size_t protobuf_begin(struct strbuf *out, uint32_t field)
{
	if (field)
		append_tag(out, field, WIRE_BYTES);
	return out->length;
}

void protobuf_end(struct strbuf *out, size_t mark)
{
	size_t content = out->length - mark, length;
	char bytes[VARINT_MAX];

	length = encode_varint(bytes, content);
	strbuf_append(out, bytes, length); /* makes room; the bytes are moved to the front */
	if (out->overflow)
		return;
	memmove(out->data + mark + length, out->data + mark, content);
	memcpy(out->data + mark, bytes, length);
}
