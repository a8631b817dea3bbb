/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/duration.h"

char *duration_append_ms(char *at, uint64_t ns)
{
	/* (ns + 500) / 1000 could wrap around */
	uint64_t us = ns / 1000 + (ns % 1000 >= 500);

	return append_3_digits(append_char(append_u64(at, us / 1000), '.'), us % 1000);
}

char *duration_append_us(char *at, uint64_t ns)
{
	return append_3_digits(append_char(append_u64(at, ns / 1000), '.'), ns % 1000);
}

char *duration_append_s(char *at, uint64_t ns)
{
	return append_6_digits(append_char(append_u64(at, ns / 1000000000), '.'), ns / 1000 % 1000000);
}

void duration_format_ms(struct strbuf *out, uint64_t ns)
{
	char text[DURATION_TEXT_MAX + APPEND_SLACK];

	strbuf_append(out, text, duration_append_ms(text, ns) - text);
}

void duration_format_us(struct strbuf *out, uint64_t ns)
{
	char text[DURATION_TEXT_MAX + APPEND_SLACK];

	strbuf_append(out, text, duration_append_us(text, ns) - text);
}

void duration_format_s(struct strbuf *out, uint64_t ns)
{
	char text[DURATION_TEXT_MAX + APPEND_SLACK];

	strbuf_append(out, text, duration_append_s(text, ns) - text);
}
