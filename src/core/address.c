/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/address.h"

#define GROUPS 8

/* "007." and how many of the zeros to skip. */
struct byte_text {
	char text[7]; /* four bytes can be copied from behind the zeros */
	uint8_t skip;
};

#define BYTE(n)                                                                                                        \
	{                                                                                                              \
		{'0' + (n) / 100, '0' + (n) / 10 % 10, '0' + (n) % 10, '.'}, ((n) < 100) + ((n) < 10)                  \
	}
#define BYTES4(n)  BYTE(n), BYTE((n) + 1), BYTE((n) + 2), BYTE((n) + 3)
#define BYTES16(n) BYTES4(n), BYTES4((n) + 4), BYTES4((n) + 8), BYTES4((n) + 12)
#define BYTES64(n) BYTES16(n), BYTES16((n) + 16), BYTES16((n) + 32), BYTES16((n) + 48)

/* A table, because the lengths of an address's bytes cannot be predicted. */
static const struct byte_text byte_texts[256] = {BYTES64(0), BYTES64(64), BYTES64(128), BYTES64(192)};

/* Returns the end; up to 16 bytes from `text` on are written. */
static char *write_ipv4(char *text, const uint8_t bytes[4])
{
	for (int i = 0; i < 4; i++) {
		const struct byte_text *byte = &byte_texts[bytes[i]];

		memcpy(text, byte->text + byte->skip, 4);
		text += 4 - byte->skip;
	}
	return text - 1;
}

static char *write_group(char *text, unsigned int value)
{
	static const char digits[] = "0123456789abcdef";

	if (value >= 0x1000)
		*text++ = digits[value >> 12];
	if (value >= 0x100)
		*text++ = digits[value >> 8 & 15];
	if (value >= 0x10)
		*text++ = digits[value >> 4 & 15];
	*text++ = digits[value & 15];
	return text;
}

/* The longest run of two or more zero groups, the first of equals: RFC 5952, section 4.2. Returns its length or 0. */
static int longest_zeros(const unsigned int groups[GROUPS], int *ret_start)
{
	int best = 0, run = 0;

	for (int i = 0; i < GROUPS; i++) {
		run = groups[i] ? 0 : run + 1;
		if (run > best && run > 1) {
			best = run;
			*ret_start = i - run + 1;
		}
	}
	return best;
}

static char *write_ipv6(char *text, const uint8_t bytes[16])
{
	unsigned int groups[GROUPS];
	int start = GROUPS, zeros, end = GROUPS;

	for (int i = 0; i < GROUPS; i++)
		groups[i] = bytes[2 * i] << 8 | bytes[2 * i + 1];
	zeros = longest_zeros(groups, &start);
	/* ::a.b.c.d and ::ffff:a.b.c.d, where inet_ntop() writes the last two groups as IPv4 */
	if (start == 0 && (zeros == 6 || (zeros == 5 && groups[5] == 0xffff)))
		end = 6;
	for (int i = 0; i < end; i++) {
		if (i == start) {
			*text++ = ':';
			if (!i)
				*text++ = ':';
			i += zeros - 1;
			continue;
		}
		text = write_group(text, groups[i]);
		if (i < GROUPS - 1)
			*text++ = ':';
	}
	return end == 6 ? write_ipv4(text, bytes + 12) : text;
}

void address_format(struct strbuf *out, uint8_t ip_version, const uint8_t bytes[16])
{
	char text[ADDRESS_TEXT_MAX + 1], *end;

	end = ip_version == 4 ? write_ipv4(text, bytes) : write_ipv6(text, bytes);
	strbuf_append(out, text, end - text);
}
