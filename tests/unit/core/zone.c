/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Text of the zone of an address. */
#include "core/zone.h"

#include "text.h"

#include <arpa/inet.h>

static void check(const char *address, uint32_t ifindex, const char *name, const char *expected)
{
	struct strbuf sb = text_new(ZONE_TEXT_MAX);
	uint8_t bytes[16] = {};
	bool is_v4 = inet_pton(AF_INET, address, bytes) == 1;

	assert_true(is_v4 || inet_pton(AF_INET6, address, bytes) == 1);
	zone_format_address(&sb, is_v4 ? 4 : 6, bytes, ifindex, (struct name){name, name ? strlen(name) : 0});
	text_check(&sb, expected);
}

static void test_format(void **state)
{
	(void)state;
	check("fe80::2", 3, "eth0", "fe80::2%eth0");
	check("fe80::2", 3, NULL, "fe80::2%3");
	check("fe80::2", 4294967295, NULL, "fe80::2%4294967295");
	check("fe80::2", 0, NULL, "fe80::2");
	/* a name without a number is of nothing */
	check("fe80::2", 0, "eth0", "fe80::2");
	check("febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1, "123456789012345",
	      "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff%123456789012345");
	/* longer than any */
	check("fe80::2", 1, "1234567890123456", "fe80::2%123456789012345");
}

/* Only fe80::/10 has one: not what is beside it, a mapped address, a multicast one, or IPv4 that begins so. */
static void test_none(void **state)
{
	(void)state;
	check("fec0::2", 3, "eth0", "fec0::2");
	check("fe7f::2", 3, "eth0", "fe7f::2");
	check("ff02::1", 3, "eth0", "ff02::1");
	check("2001:db8::1", 3, "eth0", "2001:db8::1");
	check("::", 3, "eth0", "::");
	check("::ffff:169.254.0.1", 3, "eth0", "::ffff:169.254.0.1");
	check("169.254.0.1", 3, "eth0", "169.254.0.1");
	check("254.128.0.1", 3, "eth0", "254.128.0.1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_format), cmocka_unit_test(test_none)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
