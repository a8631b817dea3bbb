/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Address prefixes: good and bad ones, zones, every length, and random ones against inet_pton(). */
#include "core/prefix.h"

#include "text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

static struct prefix_list *parse(const char *text, struct parse_error *error, int *ret)
{
	struct prefix_list *list = malloc(sizeof(*list)), *before = malloc(sizeof(*before));

	assert_non_null(list);
	assert_non_null(before);
	memset(list, 0xa5, sizeof(*list));
	list->count = 0;
	memcpy(before, list, sizeof(*list));
	*ret = prefix_list_parse("address", text, list, error);
	if (*ret < 0)
		assert_memory_equal(list, before, sizeof(*list));
	free(before);
	return list;
}

/* `again` is the list as prefix_format() writes it. */
static void take(const char *text, const char *again)
{
	struct parse_error error = {"untouched"};
	struct strbuf sb = text_new(4096);
	struct prefix_list *list;
	int r;

	list = parse(text, &error, &r);
	assert_int_equal(r, 0);
	assert_string_equal(error.text, "untouched");
	for (uint32_t i = 0; i < list->count; i++) {
		if (i)
			strbuf_append_char(&sb, ',');
		prefix_format(&sb, &list->prefixes[i]);
	}
	text_check(&sb, again);
	free(list);
}

static void refuse(const char *text, const char *message)
{
	struct parse_error error;
	int r;

	free(parse(text, &error, &r));
	assert_int_equal(r, -EINVAL);
	assert_string_equal(error.text, message);
}

static void test_good(void **state)
{
	(void)state;
	take("192.0.2.1", "192.0.2.1");
	take("192.0.2.1/32", "192.0.2.1");
	take("10.0.0.0/8", "10.0.0.0/8");
	take("0.0.0.0/0", "0.0.0.0/0");
	take("0.0.0.0", "0.0.0.0");
	take("255.255.255.255", "255.255.255.255");
	take("128.0.0.0/1", "128.0.0.0/1");
	take("192.0.2.254/31", "192.0.2.254/31");
	take("::", "::");
	take("::/0", "::/0");
	take("::1", "::1");
	take("2001:db8::/32", "2001:db8::/32");
	take("2001:DB8:0:0:0:0:0:1/128", "2001:db8::1");
	take("8000::/1", "8000::/1");
	take("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127");
	take("fe80::/10", "fe80::/10");
	take("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	take("10.0.0.0/8,2001:db8::/32,192.0.2.1", "10.0.0.0/8,2001:db8::/32,192.0.2.1");
	take("10.0.0.0/8,10.0.0.0/8", "10.0.0.0/8,10.0.0.0/8");
	take("10.0.0.0/0008", "10.0.0.0/8");
}

static void test_bytes(void **state)
{
	static const struct prefix expected[] = {
		{4, 8, {10}, 0, ""},
		{6, 32, {0x20, 0x01, 0x0d, 0xb8}, 0, ""},
		{4, 32, {192, 0, 2, 1}, 0, ""},
		{6, 128, {[15] = 1}, 0, ""},
		{6, 10, {0xfe, 0x80}, 0, "eth0"},
		{6, 128, {0xfe, 0x80, [15] = 1}, 3, ""},
	};
	struct parse_error error;
	struct prefix_list *list;
	int r;

	(void)state;
	list = parse("10.0.0.0/8,2001:db8::/32,::ffff:192.0.2.1,::1,fe80::%eth0/10,fe80::1%3", &error, &r);
	assert_int_equal(r, 0);
	assert_int_equal(list->count, COUNT(expected));
	assert_memory_equal(list->prefixes, expected, sizeof(expected));
	free(list);
}

static void test_mapped(void **state)
{
	(void)state;
	take("::ffff:192.0.2.1", "192.0.2.1");
	take("::ffff:c000:201", "192.0.2.1");
	take("::ffff:192.0.2.1/128", "192.0.2.1");
	take("::ffff:10.0.0.0/104", "10.0.0.0/8");
	take("::ffff:0:0/96", "0.0.0.0/0");
	take("::fffe:0:0/95", "::fffe:0:0/95");
	take("::/64", "::/64");
	take("::192.0.2.1", "::192.0.2.1"); /* the deprecated IPv4-compatible ones are not IPv4 */
	take("64:ff9b::192.0.2.1", "64:ff9b::c000:201");
	refuse("::ffff:10.1.2.3/104",
	       "address \"::ffff:10.1.2.3/104\": address bits after the prefix length are set; write 10.0.0.0/8");
	refuse("::ffff:0:0/95",
	       "address \"::ffff:0:0/95\": address bits after the prefix length are set; write ::fffe:0:0/95");
	refuse("::ffff:1.2.3.4/64",
	       "address \"::ffff:1.2.3.4/64\": address bits after the prefix length are set; write ::/64");
}

#define WORD    ": not an IPv4 or IPv6 address or prefix (10.0.0.0/8)"
#define V4      ": the length of an IPv4 prefix is a number from 0 to 32"
#define V6      ": the length of an IPv6 prefix is a number from 0 to 128"
#define ZONE    ": only a link-local address (fe80::/10) has a zone; leave the % and the zone out"
#define MISSING ": the zone after the % is missing; write fe80::1%eth0 or fe80::1%2"
#define BEHIND  ": address bits after the prefix length are set; write "

static void test_bad_addresses(void **state)
{
	(void)state;
	refuse("", "address \"\"" WORD);
	refuse(",", "address \"\"" WORD);
	refuse("10.0.0.1,", "address \"\"" WORD);
	refuse(",10.0.0.1", "address \"\"" WORD);
	refuse("10.0.0.1,,10.0.0.2", "address \"\"" WORD);
	refuse("/8", "address \"/8\"" WORD);
	refuse("localhost", "address \"localhost\"" WORD);
	refuse("10.0.0", "address \"10.0.0\"" WORD);
	refuse("10.0.0/8", "address \"10.0.0/8\"" WORD);
	refuse("10", "address \"10\"" WORD);
	refuse("10.0.0.256", "address \"10.0.0.256\"" WORD);
	refuse("010.0.0.1", "address \"010.0.0.1\"" WORD); /* 8 or 10? */
	refuse("0x7f.0.0.1", "address \"0x7f.0.0.1\"" WORD);
	refuse("10.0.0.1x", "address \"10.0.0.1x\"" WORD);
	refuse(" 10.0.0.1", "address \" 10.0.0.1\"" WORD);
	refuse("10.0.0.1, 10.0.0.2", "address \" 10.0.0.2\"" WORD);
	refuse("10.0.0.1 ", "address \"10.0.0.1 \"" WORD);
	refuse("10.0.0.1:80", "address \"10.0.0.1:80\"" WORD);
	refuse("[::1]", "address \"[::1]\"" WORD);
	refuse("1:2:3:4:5:6:7", "address \"1:2:3:4:5:6:7\"" WORD);
	refuse("1::2::3", "address \"1::2::3\"" WORD);
	refuse(":::", "address \":::\"" WORD);
	refuse("12345::", "address \"12345::\"" WORD);
	refuse("10.0.0.1\n", "address \"10.0.0.1\\x0A\"" WORD);
	refuse("10.0.0.1,nonsense", "address \"nonsense\"" WORD);
	refuse("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2555",
	       "address \"ffff:ffff:ffff:ffff:ffff:ffff:255.255.25...\"" WORD);
	refuse("0000000000000000000000000000000000000000000000000000000000000001::",
	       "address \"0000000000000000000000000000000000000000...\"" WORD);
}

static void test_bad_lengths(void **state)
{
	(void)state;
	refuse("10.0.0.0/", "address \"10.0.0.0/\"" V4);
	refuse("10.0.0.0/33", "address \"10.0.0.0/33\"" V4);
	refuse("10.0.0.0/-1", "address \"10.0.0.0/-1\"" V4);
	refuse("10.0.0.0/+8", "address \"10.0.0.0/+8\"" V4);
	refuse("10.0.0.0/8x", "address \"10.0.0.0/8x\"" V4);
	refuse("10.0.0.0/8/8", "address \"10.0.0.0/8/8\"" V4);
	refuse("10.0.0.0/ 8", "address \"10.0.0.0/ 8\"" V4);
	refuse("10.0.0.0/255.0.0.0", "address \"10.0.0.0/255.0.0.0\"" V4);
	refuse("10.0.0.0/4294967304", "address \"10.0.0.0/4294967304\"" V4);
	refuse("10.0.0.0/18446744073709551624", "address \"10.0.0.0/18446744073709551624\"" V4);
	refuse("::/129", "address \"::/129\"" V6);
	refuse("::/", "address \"::/\"" V6);
	refuse("::/64%eth0", "address \"::/64%eth0\"" V6);
	refuse("::ffff:10.0.0.0/129", "address \"::ffff:10.0.0.0/129\"" V6);
	refuse("10.0.0.1,2001:db8::/256", "address \"2001:db8::/256\"" V6);
}

static void test_zones(void **state)
{
	(void)state;
	take("fe80::1%eth0", "fe80::1%eth0");
	take("fe80::1%eth0/128", "fe80::1%eth0");
	take("fe80::%eth0/64,fe80::%3/10", "fe80::%eth0/64,fe80::%3/10");
	take("febf:FFFF::1%a23456789012345", "febf:ffff::1%a23456789012345");
	take("fe80::1%2147483647", "fe80::1%2147483647");
	take("fe80::1%0007", "fe80::1%7");
	take("fe80::1%7a", "fe80::1%7a");
	take("fe80::1%a%b", "fe80::1%a%b");

	refuse("fe80::1%", "address \"fe80::1%\"" MISSING);
	refuse("fe80::%/64", "address \"fe80::%/64\"" MISSING);
	refuse("fe80::1%0", "address \"fe80::1%0\": the number of an interface is from 1 to 2147483647");
	refuse("fe80::1%2147483648",
	       "address \"fe80::1%2147483648\": the number of an interface is from 1 to 2147483647");
	refuse("fe80::1%1234567890123456a",
	       "address \"fe80::1%1234567890123456a\": the name of an interface has at most 15 bytes");
	refuse("fe80::1%1/64", "address \"fe80::1%1/64\"" BEHIND "fe80::%1/64");
	refuse("fe80::1%eth0/9", "address \"fe80::1%eth0/9\"" ZONE);
	refuse("fe80::1%eth0/0", "address \"fe80::1%eth0/0\"" ZONE);
	refuse("fe80::1%eth0/129", "address \"fe80::1%eth0/129\"" V6);
	refuse("fec0::1%eth0", "address \"fec0::1%eth0\"" ZONE);
	refuse("ff02::1%eth0", "address \"ff02::1%eth0\"" ZONE);
	refuse("::1%lo", "address \"::1%lo\"" ZONE);
	refuse("10.0.0.1%lo", "address \"10.0.0.1%lo\"" ZONE);
	refuse("169.254.0.1%lo", "address \"169.254.0.1%lo\"" ZONE);
	refuse("::ffff:169.254.0.1%lo", "address \"::ffff:169.254.0.1%lo\"" ZONE);
	refuse("%", "address \"%\"" WORD);
	refuse("%eth0", "address \"%eth0\"" WORD);
}

static void test_bits_behind(void **state)
{
	(void)state;
	refuse("10.1.2.3/8", "address \"10.1.2.3/8\"" BEHIND "10.0.0.0/8");
	refuse("10.0.0.1/0", "address \"10.0.0.1/0\"" BEHIND "0.0.0.0/0");
	refuse("192.0.2.1/31", "address \"192.0.2.1/31\"" BEHIND "192.0.2.0/31");
	refuse("255.255.255.255/17", "address \"255.255.255.255/17\"" BEHIND "255.255.128.0/17");
	refuse("2001:db8::1/32", "address \"2001:db8::1/32\"" BEHIND "2001:db8::/32");
	refuse("::1/127", "address \"::1/127\"" BEHIND "::/127");
	refuse("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/127",
	       "address \"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/...\"" BEHIND
	       "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127");
	refuse("10.0.0.0/8,10.1.2.3/9", "address \"10.1.2.3/9\"" BEHIND "10.0.0.0/9");
}

/* Every length: of all ones only the full one has no bit behind it, and the proposal is right. */
static void test_every_length(void **state)
{
	(void)state;
	for (unsigned int version = 4; version <= 6; version += 2) {
		unsigned int bits = version == 4 ? 32 : 128;

		for (unsigned int length = 0; length < bits; length++) {
			uint8_t bytes[16] = {};
			char address[INET6_ADDRSTRLEN], text[64], expected[200];
			const char *ones = version == 4 ? "255.255.255.255" : "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";

			for (unsigned int bit = 0; bit < length; bit++)
				bytes[bit / 8] |= 1 << (7 - bit % 8);
			assert_non_null(inet_ntop(version == 4 ? AF_INET : AF_INET6, bytes, address, sizeof(address)));
			snprintf(expected, sizeof(expected), "%s/%u", address, length);
			take(expected, expected);
			snprintf(text, sizeof(text), "%s/%u", ones, length);
			snprintf(expected, sizeof(expected), "address \"%.40s%s\"" BEHIND "%s/%u", text,
				 strlen(text) > 40 ? "..." : "", address, length);
			refuse(text, expected);
		}
	}
}

static void test_too_many(void **state)
{
	char text[PREFIX_LIST_MAX * 12 + 32];
	struct parse_error error;
	struct prefix_list *list;
	size_t length = 0;
	int r;

	(void)state;
	for (unsigned int i = 0; i < PREFIX_LIST_MAX; i++)
		length +=
			snprintf(text + length, sizeof(text) - length, "%s10.0.%u.%u", i ? "," : "", i / 256, i % 256);
	list = parse(text, &error, &r);
	assert_int_equal(r, 0);
	assert_int_equal(list->count, PREFIX_LIST_MAX);
	assert_int_equal(list->prefixes[PREFIX_LIST_MAX - 1].bytes[3], 255);
	free(list);
	snprintf(text + length, sizeof(text) - length, ",192.0.2.1,x");
	refuse(text, "address \"192.0.2.1\": too many addresses; 256 are possible");
}

static void test_repeated(void **state)
{
	struct parse_error error;
	struct prefix_list *list;
	int r;

	(void)state;
	list = parse("10.0.0.0/8", &error, &r);
	assert_int_equal(r, 0);
	assert_int_equal(prefix_list_parse("address", "2001:db8::/32,::1", list, &error), 0);
	assert_int_equal(list->count, 3);
	assert_int_equal(list->prefixes[0].ip_version, 4);
	assert_int_equal(list->prefixes[2].length, 128);
	free(list);
}

static bool is_valid(const char *text)
{
	uint8_t bytes[16];

	return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

/* Single addresses are what inet_pton() takes, on strings that are nearly right. */
static void test_against_inet_pton(void **state)
{
	static const char alphabet[] = "0123456789abcdefABCDEFg:.:.::.. xX-+";
	static const char *const seeds[] = {"192.0.2.1", "2001:db8::1",     "::ffff:10.0.0.1",
					    "::",        "1:2:3:4:5:6:7:8", "255.255.255.255"};
	struct prefix_list *list = malloc(sizeof(*list));
	size_t valid = 0, invalid = 0;
	uint64_t seed = 5;

	(void)state;
	assert_non_null(list);
	for (int i = 0; i < 200000; i++) {
		char text[64] = "", again[INET6_ADDRSTRLEN] = "";
		struct parse_error error;
		size_t length;

		strcpy(text, seeds[text_random(&seed) % COUNT(seeds)]);
		length = strlen(text);
		for (uint64_t change = text_random(&seed) % 4; change > 0; change--) {
			size_t at = text_random(&seed) % (length + 1);

			text[at] = alphabet[text_random(&seed) % (sizeof(alphabet) - 1)];
			length += at == length;
		}
		if (text_random(&seed) % 8 == 0)
			text[text_random(&seed) % length] = '\0';
		list->count = 0;
		assert_int_equal(prefix_list_parse("address", text, list, &error), is_valid(text) ? 0 : -EINVAL);
		valid += is_valid(text);
		invalid += !is_valid(text);
		if (is_valid(text)) {
			struct strbuf sb = strbuf_over(again, sizeof(again) - 1);
			struct prefix prefix = list->prefixes[0];

			prefix_format(&sb, &prefix);
			list->count = 0;
			assert_int_equal(prefix_list_parse("address", again, list, &error), 0);
			assert_memory_equal(&prefix, &list->prefixes[0], sizeof(prefix));
		}
	}
	assert_true(valid > 10000 && invalid > 10000);
	free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_mapped),
		cmocka_unit_test(test_bad_addresses),
		cmocka_unit_test(test_bad_lengths),
		cmocka_unit_test(test_zones),
		cmocka_unit_test(test_bits_behind),
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_repeated),
		cmocka_unit_test(test_against_inet_pton),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
