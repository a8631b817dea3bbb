/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/number.h"

#define TWO_TO_64 18446744073709551616.0

struct number {
	uint64_t whole;
	uint64_t fraction; /* of `decimals` digits */
	unsigned int decimals;
};

static struct number number_round(double value, unsigned int decimals)
{
	struct number number = {.decimals = decimals};
	uint64_t scale = 1;

	/* `value <= 0` would be false for NaN */
	if (!(value > 0))
		return number;
	if (value >= TWO_TO_64) {
		number.whole = UINT64_MAX;
		return number;
	}
	for (unsigned int i = 0; i < decimals; i++)
		scale *= 10;
	number.whole = (uint64_t)value;
	/* both parts are exact; value * scale would not be, and could exceed 64 bits */
	number.fraction = (uint64_t)((value - (double)number.whole) * (double)scale + 0.5);
	if (number.fraction == scale) {
		number.fraction = 0;
		number.whole++;
	}
	return number;
}

static void number_write(struct strbuf *out, struct number number)
{
	strbuf_append_u64(out, number.whole);
	if (number.decimals) {
		strbuf_append_char(out, '.');
		strbuf_append_u64_digits(out, number.fraction, number.decimals);
	}
}

void number_append(struct strbuf *out, double value, unsigned int decimals)
{
	number_write(out, number_round(value, decimals));
}

void number_append_short(struct strbuf *out, double value, unsigned int decimals)
{
	struct number number = number_round(value, decimals);

	while (number.decimals && number.fraction % 10 == 0) {
		number.fraction /= 10;
		number.decimals--;
	}
	number_write(out, number);
}
