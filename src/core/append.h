/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Fast formatting into memory that has enough room. row_begin() checks the room once for a whole row, so no function
 * here checks the room or keeps a length.
 *
 * Every function writes at `at` and returns the end of its text. A function may write up to APPEND_SLACK bytes beyond
 * that end, which the next function overwrites: a copy of fixed size needs no call and no loop.
 */
#ifndef TCPVITALS_CORE_APPEND_H
#define TCPVITALS_CORE_APPEND_H

#include <stdint.h>
#include <string.h>

#define APPEND_SLACK 24

/* Bytes of the longest text of append_u64() and append_hex(). */
#define APPEND_NUMBER_MAX 20

/* A short name in a table of names. append_label() copies the whole struct, which needs no loop over `length`. */
struct label {
	char text[APPEND_SLACK - 1]; /* ends in a NUL */
	uint8_t length;
};

#define LABEL(name)                                                                                                    \
	{                                                                                                              \
		name, sizeof(name) - 1                                                                                 \
	}

static inline char *append_char(char *at, char c)
{
	*at = c;
	return at + 1;
}

static inline char *append_bytes(char *at, const char *bytes, size_t length)
{
	memcpy(at, bytes, length);
	return at + length;
}

/* Appends a string literal, whose length is a constant. */
#define append_literal(at, literal) append_bytes((at), "" literal, sizeof(literal) - 1)

static inline char *append_label(char *at, const struct label *label)
{
	memcpy(at, label, sizeof(*label));
	return at + label->length;
}

/* Appends blanks up to `end`, which is not before `at`. */
static inline char *append_blanks(char *at, char *end)
{
	do
		at = append_literal(at, "                ");
	while (at < end);
	return end;
}

/* Two digits for each number: decimal below 100, hexadecimal (lower case) below 256. */
extern const char decimal_pairs[100][2];
extern const char append_hex_pairs[256][2];

/* Append a value below 10^2, 10^3 or 10^6, with leading zeros. */
static inline char *append_2_digits(char *at, unsigned int value)
{
	return append_bytes(at, decimal_pairs[value], 2);
}

static inline char *append_3_digits(char *at, unsigned int value)
{
	return append_2_digits(append_char(at, '0' + value / 100), value % 100);
}

static inline char *append_6_digits(char *at, unsigned int value)
{
	return append_2_digits(append_2_digits(append_2_digits(at, value / 10000), value / 100 % 100), value % 100);
}

char *append_u64(char *at, uint64_t value);

/* append_u64() for a number that mostly has one digit. */
static inline char *append_small(char *at, uint64_t value)
{
	return value < 10 ? append_char(at, '0' + value) : append_u64(at, value);
}

/* Appends 16 bits as four hexadecimal digits, lower case. */
static inline char *append_4_hex(char *at, uint16_t value)
{
	at = append_bytes(at, append_hex_pairs[value >> 8], 2);
	return append_bytes(at, append_hex_pairs[value & 0xff], 2);
}

/* Appends a number in hexadecimal: lower case, no prefix, leading zeros up to `digits` (1 to 16). */
char *append_hex(char *at, uint64_t value, unsigned int digits);

#endif
