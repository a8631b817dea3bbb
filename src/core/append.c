/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/append.h"

#include <endian.h>

#define TEN_TO_8 100000000

#define DECIMAL(n)                                                                                                     \
	{                                                                                                              \
		'0' + (n) / 10, '0' + (n) % 10                                                                         \
	}
#define DECIMALS5(n)  DECIMAL(n), DECIMAL((n) + 1), DECIMAL((n) + 2), DECIMAL((n) + 3), DECIMAL((n) + 4)
#define DECIMALS25(n) DECIMALS5(n), DECIMALS5((n) + 5), DECIMALS5((n) + 10), DECIMALS5((n) + 15), DECIMALS5((n) + 20)

const char decimal_pairs[100][2] = {DECIMALS25(0), DECIMALS25(25), DECIMALS25(50), DECIMALS25(75)};

#define HEX_DIGIT(n) ((n) < 10 ? '0' + (n) : 'a' + (n)-10)
#define HEX(n)                                                                                                         \
	{                                                                                                              \
		HEX_DIGIT((n) / 16), HEX_DIGIT((n) % 16)                                                               \
	}
#define HEX4(n)  HEX(n), HEX((n) + 1), HEX((n) + 2), HEX((n) + 3)
#define HEX16(n) HEX4(n), HEX4((n) + 4), HEX4((n) + 8), HEX4((n) + 12)
#define HEX64(n) HEX16(n), HEX16((n) + 16), HEX16((n) + 32), HEX16((n) + 48)

const char append_hex_pairs[256][2] = {HEX64(0), HEX64(64), HEX64(128), HEX64(192)};

/*
 * Returns the eight digits of a value below 10^8. Each byte holds one digit (0 to 9, not ASCII); the lowest byte holds
 * the first digit.
 * Three steps divide all halves, all pairs and all digits at once. A quotient stays in the lower part, its remainder
 * moves to the higher part. There is no loop, because the CPU could not predict the number of rounds.
 */
static uint64_t decimal_digits(uint32_t value)
{
	uint64_t halves = ((uint64_t)value << 32) - value / 10000 * ((10000ULL << 32) - 1);
	uint64_t hundreds = halves * 10486 >> 20 & 0x0000007f0000007f; /* each half / 100 */
	uint64_t pairs = (halves << 16) - hundreds * ((100 << 16) - 1);
	uint64_t tens = pairs * 103 >> 10 & 0x000f000f000f000f; /* each pair / 10 */

	return (pairs << 8) - tens * ((10 << 8) - 1);
}

static char *append_8_digits(char *at, uint64_t digits)
{
	digits = htole64(digits + 0x3030303030303030);
	memcpy(at, &digits, sizeof(digits));
	return at + sizeof(digits);
}

/* Not inlined: with this call inside, append_u64() would save registers for every number. */
static __attribute__((noinline)) char *append_long(char *at, uint64_t value)
{
	at = append_u64(at, value / TEN_TO_8);
	return append_8_digits(at, decimal_digits(value % TEN_TO_8));
}

char *append_u64(char *at, uint64_t value)
{
	unsigned int zeros;
	uint64_t digits;

	if (value >= TEN_TO_8)
		return append_long(at, value);
	digits = decimal_digits(value);
	/* leading zeros; the last digit always stays */
	zeros = __builtin_ctzll(digits | 1ULL << 56) / 8;
	return append_8_digits(at, digits >> 8 * zeros) - zeros;
}

char *append_hex(char *at, uint64_t value, unsigned int digits)
{
	unsigned int zeros = __builtin_clzll(value | 1) / 4;

	if (zeros > 16 - digits)
		zeros = 16 - digits;
	value <<= 4 * zeros;
	at = append_4_hex(at, value >> 48);
	at = append_4_hex(at, value >> 32);
	at = append_4_hex(at, value >> 16);
	return append_4_hex(at, value) - zeros;
}
