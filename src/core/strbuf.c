/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/strbuf.h"

/* Two digits at a time halve the divisions, which are most of the cost of writing a number. */
static const char digit_pairs[] = "00010203040506070809"
				  "10111213141516171819"
				  "20212223242526272829"
				  "30313233343536373839"
				  "40414243444546474849"
				  "50515253545556575859"
				  "60616263646566676869"
				  "70717273747576777879"
				  "80818283848586878889"
				  "90919293949596979899";

/* Room for `length` more bytes, or NULL: the append that needs them is dropped whole. */
static char *strbuf_reserve(struct strbuf *sb, size_t length)
{
	char *room = sb->data + sb->length;

	if (length > sb->capacity - sb->length) {
		sb->overflow = true;
		return NULL;
	}
	sb->length += length;
	return room;
}

/* Without branches: the numbers of a row vary, and a mispredicted branch costs more than all the rest. */
static unsigned int decimal_length(uint64_t value)
{
	static const uint64_t powers[] = {
		0,
		10ULL,
		100ULL,
		1000ULL,
		10000ULL,
		100000ULL,
		1000000ULL,
		10000000ULL,
		100000000ULL,
		1000000000ULL,
		10000000000ULL,
		100000000000ULL,
		1000000000000ULL,
		10000000000000ULL,
		100000000000000ULL,
		1000000000000000ULL,
		10000000000000000ULL,
		100000000000000000ULL,
		1000000000000000000ULL,
		10000000000000000000ULL,
	};
	/* 1233 / 4096 is a little more than log10(2): the number of digits, or one less */
	unsigned int guess = (64 - __builtin_clzll(value | 1)) * 1233 >> 12;

	return guess + (value >= powers[guess]);
}

/* Exactly `digits` bytes at `text`; higher digits of the value are cut off. */
static void write_decimal(char *text, uint64_t value, unsigned int digits)
{
	while (digits >= 2) {
		digits -= 2;
		memcpy(text + digits, digit_pairs + value % 100 * 2, 2);
		value /= 100;
	}
	if (digits)
		*text = '0' + value % 10;
}

void strbuf_pad(struct strbuf *sb, size_t start, size_t width)
{
	static const char blanks[16] = "                ";
	size_t used = sb->length - start, missing = width - used;
	char *room;

	if (used >= width)
		return;
	/* a copy of fixed size is one instruction; what it writes too much, still within the capacity, is overwritten
	 */
	if (missing <= sizeof(blanks) && sb->capacity - sb->length >= sizeof(blanks)) {
		memcpy(sb->data + sb->length, blanks, sizeof(blanks));
		sb->length += missing;
		return;
	}
	room = strbuf_reserve(sb, missing);
	if (room)
		memset(room, ' ', missing);
}

void strbuf_append_u64(struct strbuf *sb, uint64_t value)
{
	strbuf_append_u64_digits(sb, value, 1);
}

void strbuf_append_u64_digits(struct strbuf *sb, uint64_t value, unsigned int digits)
{
	unsigned int length = decimal_length(value);
	char *room;

	if (length < digits)
		length = digits;
	room = strbuf_reserve(sb, length);
	if (room)
		write_decimal(room, value, length);
}

void strbuf_append_hex(struct strbuf *sb, uint64_t value)
{
	strbuf_append_hex_digits(sb, value, 1);
}

void strbuf_append_hex_digits(struct strbuf *sb, uint64_t value, unsigned int digits)
{
	unsigned int length = value ? (67 - __builtin_clzll(value)) / 4 : 1;
	char *room;

	if (length < digits)
		length = digits;
	room = strbuf_reserve(sb, length);
	if (!room)
		return;
	while (length > 0) {
		room[--length] = "0123456789abcdef"[value & 15];
		value >>= 4;
	}
}
