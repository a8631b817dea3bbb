/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/duration.h"

static void append_fraction(struct strbuf *out, uint64_t whole, uint64_t fraction, unsigned int digits)
{
	strbuf_append_u64(out, whole);
	strbuf_append_char(out, '.');
	strbuf_append_u64_digits(out, fraction, digits);
}

void duration_format_ms(struct strbuf *out, uint64_t ns)
{
	/* not (ns + 500) / 1000, which would wrap */
	uint64_t us = ns / 1000 + (ns % 1000 >= 500);

	append_fraction(out, us / 1000, us % 1000, 3);
}

void duration_format_us(struct strbuf *out, uint64_t ns)
{
	append_fraction(out, ns / 1000, ns % 1000, 3);
}

void duration_format_s(struct strbuf *out, uint64_t ns)
{
	append_fraction(out, ns / 1000000000, ns / 1000 % 1000000, 6);
}
