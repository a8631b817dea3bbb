/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Text of IPv4 and IPv6 addresses: known ones, and structured and random IPv6 addresses against inet_ntop(). */
#include "core/address.h"

#include "text.h"

#include <arpa/inet.h>

static void check_bytes(uint8_t ip_version, const uint8_t bytes[16])
{
	char expected[INET6_ADDRSTRLEN];
	struct strbuf sb = text_new(ADDRESS_TEXT_MAX);

	assert_non_null(inet_ntop(ip_version == 4 ? AF_INET : AF_INET6, bytes, expected, sizeof(expected)));
	address_format(&sb, ip_version, bytes);
	text_check(&sb, expected);
}

static void test_ipv4(void **state)
{
	uint64_t seed = 4;

	(void)state;
	for (int position = 0; position < 4; position++) {
		for (int value = 0; value < 256; value++) {
			uint8_t bytes[16] = {127, 0, 0, 1};

			bytes[position] = value;
			check_bytes(4, bytes);
		}
	}
	for (int i = 0; i < 20000; i++) {
		uint32_t value = text_random(&seed);
		uint8_t bytes[16] = {};

		memcpy(bytes, &value, 4);
		check_bytes(4, bytes);
	}
}

static void test_ipv6_known(void **state)
{
	static const char *const texts[] = {
		"::",
		"::1",
		"::2:0:0:1",
		"1::",
		"1::1",
		"fe80::1",
		"2001:db8::1",
		"2001:db8:0:1:1:1:1:1", /* a single zero group is written out: RFC 5952, 4.2.2 */
		"2001:0:0:1::1",        /* the longer run */
		"2001:db8::1:0:0:1",    /* the first of equal runs: 4.2.3 */
		"0:1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7:0",
		"0:1::",
		"1:2:3:4:5:6::",
		"::3:4:5:6:7:8",
		"::ffff:0.0.0.0",
		"::ffff:127.0.0.1",
		"::ffff:255.255.255.255",
		"::1.2.3.4",
		"::0.1.0.0", /* six zero groups at the start: inet_ntop() takes it for IPv4-compatible */
		"::1:0:0",
		"::ffff:0:1.2.3.4",
		"64:ff9b::102:304",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		"ff02::1:ff00:a0b",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		uint8_t bytes[16];

		assert_int_equal(inet_pton(AF_INET6, texts[i], bytes), 1);
		check_bytes(6, bytes);
	}
}

static void test_longest(void **state)
{
	static const uint8_t ones[16] = {255, 255, 255, 255, 255, 255, 255, 255,
					 255, 255, 255, 255, 255, 255, 255, 255};
	struct strbuf sb = text_new(ADDRESS_TEXT_MAX);

	(void)state;
	address_format(&sb, 6, ones);
	assert_int_equal(sb.length, ADDRESS_TEXT_MAX);
	text_check(&sb, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	sb = text_new(ADDRESS_TEXT_MAX - 1);
	address_format(&sb, 6, ones);
	assert_true(sb.overflow);
	assert_int_equal(sb.length, 0);
	free(sb.data);
}

/* Every pattern of zero and other groups, with groups of every number of digits. */
static void test_ipv6_structured(void **state)
{
	static const uint16_t samples[] = {1, 0xf, 0x10, 0xff, 0x100, 0xabc, 0x1000, 0xffff};
	uint64_t seed = 6;

	(void)state;
	for (unsigned int pattern = 0; pattern < 256; pattern++) {
		for (int round = 0; round < 64; round++) {
			uint8_t bytes[16] = {};

			for (int group = 0; group < 8; group++) {
				uint16_t value = samples[text_random(&seed) % COUNT(samples)];

				if (!(pattern >> group & 1))
					continue;
				bytes[2 * group] = value >> 8;
				bytes[2 * group + 1] = value;
			}
			check_bytes(6, bytes);
			/* v4-mapped and v4-compatible, and neighbours of both */
			memset(bytes, 0, 10);
			bytes[10] = bytes[11] = pattern & 1 ? 0xff : 0;
			check_bytes(6, bytes);
			bytes[9] = pattern >> 7;
			check_bytes(6, bytes);
		}
	}
}

static void test_ipv6_random(void **state)
{
	uint64_t seed = 66;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint64_t halves[2] = {text_random(&seed), text_random(&seed)}, mask = text_random(&seed);
		uint8_t bytes[16];

		memcpy(bytes, halves, sizeof(bytes));
		for (int byte = 0; byte < 16; byte++) {
			if (i % 4 && mask >> byte & 1)
				bytes[byte] = 0;
			if (i % 4 == 3 && mask >> (byte / 2 + 16) & 1)
				bytes[byte] = 0;
		}
		check_bytes(6, bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipv4),        cmocka_unit_test(test_ipv6_known),
		cmocka_unit_test(test_longest),     cmocka_unit_test(test_ipv6_structured),
		cmocka_unit_test(test_ipv6_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
