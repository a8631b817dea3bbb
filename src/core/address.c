/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/address.h"

#include <endian.h>

#define GROUPS 8

/*
 * Text of one address byte with its dot: "7.", "17." or "217.". A copy takes all four bytes; `length` counts the used
 * ones.
 */
struct byte_text {
	char text[4];
	uint32_t length;
};

#define FIRST(n)  ('0' + ((n) < 10 ? (n) : (n) < 100 ? (n) / 10 : (n) / 100))
#define SECOND(n) ((n) < 10 ? '.' : '0' + ((n) < 100 ? (n) % 10 : (n) / 10 % 10))
#define THIRD(n)  ((n) < 100 ? '.' : '0' + (n) % 10)
#define BYTE(n)                                                                                                        \
	{                                                                                                              \
		{FIRST(n), SECOND(n), THIRD(n), '.'}, 2 + ((n) >= 10) + ((n) >= 100)                                   \
	}
#define BYTES4(n)  BYTE(n), BYTE((n) + 1), BYTE((n) + 2), BYTE((n) + 3)
#define BYTES16(n) BYTES4(n), BYTES4((n) + 4), BYTES4((n) + 8), BYTES4((n) + 12)
#define BYTES64(n) BYTES16(n), BYTES16((n) + 16), BYTES16((n) + 32), BYTES16((n) + 48)

/* A table instead of branches: the CPU cannot predict how many digits each byte has. */
static const struct byte_text byte_texts[256] = {BYTES64(0), BYTES64(64), BYTES64(128), BYTES64(192)};

/* Returns the end of the text. Writes up to 16 bytes from `text` on. */
static char *write_ipv4(char *text, const uint8_t bytes[4])
{
	for (int i = 0; i < 4; i++) {
		const struct byte_text *byte = &byte_texts[bytes[i]];

		memcpy(text, byte->text, sizeof(byte->text));
		text += byte->length;
	}
	return text - 1;
}

static uint16_t group_at(const uint8_t bytes[16], int i)
{
	uint16_t group;

	memcpy(&group, bytes + 2 * i, sizeof(group));
	return be16toh(group);
}

/* Without leading zeros: the other digits are shifted to the front, and the zeros behind them lie beyond the end. */
static char *write_group(char *text, unsigned int group)
{
	unsigned int zeros = (__builtin_clz(group | 1) - 16) / 4;

	return append_4_hex(text, group << 4 * zeros) - zeros;
}

/* Bit i is set if group i is 0. */
static unsigned int zero_groups(const uint8_t bytes[16])
{
	unsigned int zeros = 0;

	for (int i = 0; i < GROUPS; i++)
		zeros |= (group_at(bytes, i) == 0) << i;
	return zeros;
}

/*
 * Finds the longest run of two or more zero groups; of equal runs, the first (RFC 5952, section 4.2). Returns the
 * length, or 0 for no run.
 */
static int longest_zeros(unsigned int zeros, int *ret_start)
{
	unsigned int begins = zeros & zeros >> 1; /* beginnings of runs of `length` or more zero groups */
	int length = 2;

	if (!begins)
		return 0;
	while (begins & zeros >> length)
		begins &= zeros >> length++;
	*ret_start = __builtin_ctz(begins);
	return length;
}

static char *write_ipv6(char *text, const uint8_t bytes[16])
{
	int start = GROUPS, end = GROUPS, zeros = longest_zeros(zero_groups(bytes), &start);

	/* inet_ntop() writes the last two groups of ::a.b.c.d and ::ffff:a.b.c.d as IPv4 */
	if (start == 0 && (zeros == 6 || (zeros == 5 && group_at(bytes, 5) == 0xffff)))
		end = 6;
	for (int i = 0; i < end; i++) {
		if (i == start) {
			*text++ = ':';
			if (!i)
				*text++ = ':';
			i += zeros - 1;
			continue;
		}
		text = write_group(text, group_at(bytes, i));
		if (i < GROUPS - 1)
			*text++ = ':';
	}
	return end == 6 ? write_ipv4(text, bytes + 12) : text;
}

char *address_append(char *at, uint8_t ip_version, const uint8_t bytes[16])
{
	return ip_version == 4 ? write_ipv4(at, bytes) : write_ipv6(at, bytes);
}

void address_format(struct strbuf *out, uint8_t ip_version, const uint8_t bytes[16])
{
	char text[ADDRESS_TEXT_MAX + APPEND_SLACK];

	strbuf_append(out, text, address_append(text, ip_version, bytes) - text);
}
