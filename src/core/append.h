/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Writing text where there is room for certain: row_begin() has made sure of it for a whole row, so that nothing is
 * checked and no length is kept for each piece. Every function writes at `at`, returns where its text ends, and may
 * write up to APPEND_SLACK bytes beyond that, which are the next one's: a copy of fixed size needs no call and no loop.
 */
#ifndef TCPVITALS_CORE_APPEND_H
#define TCPVITALS_CORE_APPEND_H

#include <stdint.h>
#include <string.h>

#define APPEND_SLACK 24

/* The longest of append_u64() and of append_hex(). */
#define APPEND_NUMBER_MAX 20

/* A short name, in a table of them: with its length, and copied whole. */
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

/* A string literal: its length is known to the compiler. */
#define append_literal(at, literal) append_bytes((at), "" literal, sizeof(literal) - 1)

static inline char *append_label(char *at, const struct label *label)
{
	memcpy(at, label, sizeof(*label));
	return at + label->length;
}

/* Blanks up to `end`, which is not before `at`. */
static inline char *append_blanks(char *at, char *end)
{
	do
		at = append_literal(at, "                ");
	while (at < end);
	return end;
}

/* The two digits of a number, in decimal (below 100) and in hexadecimal (below 256). */
extern const char decimal_pairs[100][2];
extern const char append_hex_pairs[256][2];

/* A value below 10^2, 10^3, 10^6, with leading zeros. */
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

/* The same of a number that mostly has one digit. */
static inline char *append_small(char *at, uint64_t value)
{
	return value < 10 ? append_char(at, '0' + value) : append_u64(at, value);
}

/* The four hexadecimal digits of 16 bits, lower case. */
static inline char *append_4_hex(char *at, uint16_t value)
{
	at = append_bytes(at, append_hex_pairs[value >> 8], 2);
	return append_bytes(at, append_hex_pairs[value & 0xff], 2);
}

/* Lower case, no prefix, with leading zeros up to `digits` (1 to 16). */
char *append_hex(char *at, uint64_t value, unsigned int digits);

#endif
