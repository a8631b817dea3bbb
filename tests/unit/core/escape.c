/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Escapes of every format: every byte, every character of the Basic Multilingual Plane, invalid UTF-8, and cuts. */
#include "core/escape.h"

#include "text.h"

#include <stdio.h>
#include <unistd.h>

static void check_terminal(const char *bytes, size_t max_columns, const char *expected, size_t columns)
{
	struct strbuf sb = text_new(256);

	assert_int_equal(escape_terminal(&sb, bytes, strlen(bytes), max_columns), columns);
	text_check(&sb, expected);
}

static void check_csv(const char *bytes, const char *expected)
{
	struct strbuf sb = text_new(256);

	escape_csv(&sb, bytes, strlen(bytes));
	text_check(&sb, expected);
}

static void check_json(const char *bytes, const char *expected)
{
	struct strbuf sb = text_new(256);

	escape_json(&sb, bytes, strlen(bytes));
	text_check(&sb, expected);
}

static void test_field_length(void **state)
{
	(void)state;
	assert_int_equal(escape_field_length("", 16), 0);
	assert_int_equal(escape_field_length("abc\0def", 7), 3);
	assert_int_equal(escape_field_length("0123456789abcdef", 16), 16);
	assert_int_equal(escape_field_length("0123456789abcdef", 0), 0);
}

/* As escape_plain_field() says, byte by byte. */
static int plain_length(const char field[ESCAPE_FIELD])
{
	int length = (int)strnlen(field, ESCAPE_FIELD);

	for (int i = 0; i < length; i++) {
		unsigned char byte = field[i];

		if (byte < ' ' || byte >= 0x7f || strchr("\",\\", byte))
			return -1;
	}
	return length;
}

static void check_plain(const char field[ESCAPE_FIELD])
{
	char text[ESCAPE_FIELD];

	assert_int_equal(escape_plain_field(field), plain_length(field));
	/* whatever stands behind the name */
	memset(text, 0xff, sizeof(text));
	memcpy(text, field, strnlen(field, ESCAPE_FIELD - 1) + 1);
	assert_int_equal(escape_plain_field(text), plain_length(text));
}

/* Every byte at every place of names of every length, and any two of those that matter. */
static void test_plain_field(void **state)
{
	static const char few[] = {'\0', '\x01', '\x1f', ' ', '!',    '"',    '#',   ',',
				   '-',  '[',    '\\',   '~', '\x7f', '\x80', '\xff'};
	char field[ESCAPE_FIELD];

	(void)state;
	for (int length = 0; length <= ESCAPE_FIELD; length++) {
		for (int place = 0; place < ESCAPE_FIELD; place++) {
			memset(field, 0, sizeof(field));
			memset(field, 'x', length);
			for (int byte = 0; byte < 256; byte++) {
				field[place] = (char)byte;
				check_plain(field);
			}
			for (size_t i = 0; i < sizeof(few) * sizeof(few); i++) {
				field[place] = few[i / sizeof(few)];
				field[(place + 1) % ESCAPE_FIELD] = few[i % sizeof(few)];
				check_plain(field);
			}
		}
	}
}

static void test_every_byte(void **state)
{
	(void)state;
	for (unsigned int byte = 0; byte < 256; byte++) {
		char bytes[3] = {'a', (char)byte, 'z'}, expected[16];
		bool plain = byte >= 0x20 && byte < 0x7f;
		struct strbuf sb = text_new(32);
		size_t columns;

		if (byte == '\\')
			snprintf(expected, sizeof(expected), "a\\\\z");
		else
			snprintf(expected, sizeof(expected), plain ? "a%cz" : "a\\x%02Xz", byte);
		columns = escape_terminal(&sb, bytes, 3, 100);
		assert_int_equal(columns, strlen(expected));
		text_check(&sb, expected);

		sb = text_new(32);
		escape_csv(&sb, bytes, 3);
		if (byte == '"')
			text_check(&sb, "\"a\"\"z\"");
		else if (byte == ',')
			text_check(&sb, "\"a,z\"");
		else if (byte == '\\')
			text_check(&sb, "\"a\\\\z\"");
		else {
			snprintf(expected, sizeof(expected), plain ? "a%cz" : "\"a\\x%02Xz\"", byte);
			text_check(&sb, expected);
		}
	}
}

static void test_every_byte_json(void **state)
{
	static const struct {
		char byte, letter;
	} shorts[] = {{'"', '"'}, {'\\', '\\'}, {'\b', 'b'}, {'\f', 'f'}, {'\n', 'n'}, {'\r', 'r'}, {'\t', 't'}};

	(void)state;
	for (unsigned int byte = 0; byte < 256; byte++) {
		char bytes[3] = {'a', (char)byte, 'z'}, expected[16];
		struct strbuf sb = text_new(32);

		if (byte >= 0x80)
			snprintf(expected, sizeof(expected), "a\xef\xbf\xbdz");
		else
			snprintf(expected, sizeof(expected), byte < 0x20 || byte == 0x7f ? "a\\u%04Xz" : "a%cz", byte);
		for (size_t i = 0; i < COUNT(shorts); i++) {
			if ((char)byte == shorts[i].byte)
				snprintf(expected, sizeof(expected), "a\\%cz", shorts[i].letter);
		}
		escape_json(&sb, bytes, 3);
		text_check(&sb, expected);
	}
}

/* U+0080 to U+FFFF in the UTF-8 of two or three bytes. */
static void encode(unsigned int code, char bytes[4])
{
	memset(bytes, 0, 4);
	if (code < 0x800) {
		bytes[0] = (char)(0xc0 | code >> 6);
		bytes[1] = (char)(0x80 | (code & 0x3f));
	} else {
		bytes[0] = (char)(0xe0 | code >> 12);
		bytes[1] = (char)(0x80 | (code >> 6 & 0x3f));
		bytes[2] = (char)(0x80 | (code & 0x3f));
	}
}

static bool is_unsafe(unsigned int code)
{
	return code <= 0x9f || code == 0x61c || code == 0x200e || code == 0x200f ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/* All of the Basic Multilingual Plane but ASCII: C1, bidirectional controls and separators are escaped, only those. */
static void test_every_character(void **state)
{
	(void)state;
	for (unsigned int code = 0x80; code < 0x10000; code++) {
		char bytes[4], expected[32] = "";
		size_t length;

		if (code >= 0xd800 && code < 0xe000)
			continue;
		encode(code, bytes);
		length = strlen(bytes);
		if (is_unsafe(code)) {
			for (size_t i = 0; i < length; i++)
				sprintf(expected + 4 * i, "\\x%02X", (unsigned char)bytes[i]);
			check_terminal(bytes, 100, expected, 4 * length);
			sprintf(expected, "\\u%04X", code);
			check_json(bytes, expected);
		} else {
			check_terminal(bytes, 100, bytes, 1);
			check_json(bytes, bytes);
			check_csv(bytes, bytes);
		}
	}
}

static void test_unsafe_characters(void **state)
{
	(void)state;
	check_terminal("\xc2\x9b"
		       "31m",
		       100, "\\xC2\\x9B31m", 11); /* CSI as a C1 control */
	check_terminal("a\xe2\x80\xae"
		       "b",
		       100, "a\\xE2\\x80\\xAEb", 14);               /* U+202E, right to left */
	check_terminal("\xe2\x80\xa8", 100, "\\xE2\\x80\\xA8", 12); /* U+2028, line separator */
	check_terminal("\x1b]0;x\x07", 100, "\\x1B]0;x\\x07", 12);
	check_csv("\xe2\x80\xa9", "\"\\xE2\\x80\\xA9\"");
	check_json("\xe2\x81\xa6", "\\u2066");
}

static const struct {
	const char *bytes, *terminal, *json;
} invalid[] = {
#define R "\xef\xbf\xbd"
	{"\x80", "\\x80", R},                                         /* a continuation alone */
	{"\xc3", "\\xC3", R},                                         /* truncated */
	{"\xe2\x82", "\\xE2\\x82", R R},                              /* truncated */
	{"\xf0\x9f\x98", "\\xF0\\x9F\\x98", R R R},                   /* truncated */
	{"\xc3(", "\\xC3(", R "("},                                   /* interrupted */
	{"\xe2\x82z", "\\xE2\\x82z", R R "z"},                        /* interrupted */
	{"\xe2\xe2\x82\xac", "\\xE2\xe2\x82\xac", R "\xe2\x82\xac"},  /* the next one is whole */
	{"\xc0\x80", "\\xC0\\x80", R R},                              /* overlong NUL */
	{"\xc1\xbf", "\\xC1\\xBF", R R},                              /* overlong */
	{"\xe0\x80\xaf", "\\xE0\\x80\\xAF", R R R},                   /* overlong */
	{"\xe0\x9f\xbf", "\\xE0\\x9F\\xBF", R R R},                   /* overlong */
	{"\xf0\x80\x80\xaf", "\\xF0\\x80\\x80\\xAF", R R R R},        /* overlong */
	{"\xf0\x8f\xbf\xbf", "\\xF0\\x8F\\xBF\\xBF", R R R R},        /* overlong */
	{"\xed\xa0\x80", "\\xED\\xA0\\x80", R R R},                   /* surrogate U+D800 */
	{"\xed\xbf\xbf", "\\xED\\xBF\\xBF", R R R},                   /* surrogate U+DFFF */
	{"\xf4\x90\x80\x80", "\\xF4\\x90\\x80\\x80", R R R R},        /* U+110000 */
	{"\xf5\x80\x80\x80", "\\xF5\\x80\\x80\\x80", R R R R},        /* no such lead */
	{"\xfe\xff", "\\xFE\\xFF", R R},                              /* no such leads */
	{"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"}, /* U+10FFFF is valid */
	{"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"}, /* U+1F600 */
	{"\xed\x9f\xbf\xee\x80\x80", "\xed\x9f\xbf\xee\x80\x80",
	 "\xed\x9f\xbf\xee\x80\x80"}, /* around the surrogates */
#undef R
};

static void test_invalid_utf8(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(invalid); i++) {
		struct strbuf sb = text_new(64);
		bool valid = strcmp(invalid[i].bytes, invalid[i].terminal) == 0;
		char quoted[64];

		escape_terminal(&sb, invalid[i].bytes, strlen(invalid[i].bytes), 100);
		text_check(&sb, invalid[i].terminal);
		check_json(invalid[i].bytes, invalid[i].json);
		snprintf(quoted, sizeof(quoted), valid ? "%s" : "\"%s\"", invalid[i].terminal);
		check_csv(invalid[i].bytes, quoted);
	}
}

/* Bytes behind `length` are not looked at, though they would complete the character. */
static void test_length_ends(void **state)
{
	struct strbuf sb = text_new(32);

	(void)state;
	escape_json(&sb, "\xe2\x82\xac", 2);
	text_check(&sb, "\xef\xbf\xbd\xef\xbf\xbd");
	sb = text_new(32);
	assert_int_equal(escape_terminal(&sb, "abc", 2, 9), 2);
	text_check(&sb, "ab");
	sb = text_new(32);
	escape_csv(&sb, "a,b", 1);
	text_check(&sb, "a");
}

static void test_max_columns(void **state)
{
	(void)state;
	check_terminal("", 10, "", 0);
	check_terminal("abcdef", 0, "", 0);
	check_terminal("abcdefghijkl", 10, "abcdefghij", 10);
	check_terminal("\x01z", 3, "", 0); /* what follows does not move up */
	check_terminal("\x01z", 4, "\\x01", 4);
	check_terminal("\x01z", 5, "\\x01z", 5);
	check_terminal("a\\b", 2, "a", 1);
	check_terminal("a\\b", 3, "a\\\\", 3);
	check_terminal("\xe2\x80\xae", 11, "", 0); /* three bytes, one character: whole or not at all */
	check_terminal("\xe2\x80\xae", 12, "\\xE2\\x80\\xAE", 12);
	check_terminal("\xc3\xa4\xc3\xb6\xc3\xbc", 2, "\xc3\xa4\xc3\xb6", 2);
	check_terminal("a\xe2\x82\xac"
		       "b",
		       2, "a\xe2\x82\xac", 2);
}

/* At no capacity is part of a character or of an escape written, nor anything beyond it. */
static void test_overflow(void **state)
{
	static const char bytes[] = "\x01\\\xc3\xa4\xff\"";

	(void)state;
	for (size_t capacity = 0; capacity < 24; capacity++) {
		struct strbuf sb = text_new(capacity);

		escape_terminal(&sb, bytes, strlen(bytes), 100);
		assert_true(sb.length <= capacity);
		assert_int_equal(sb.overflow, capacity < 4 + 2 + 2 + 4 + 1);
		free(sb.data);
		sb = text_new(capacity);
		escape_json(&sb, bytes, strlen(bytes));
		assert_int_equal(sb.overflow, capacity < 6 + 2 + 2 + 3 + 2);
		free(sb.data);
		sb = text_new(capacity);
		escape_csv(&sb, bytes, strlen(bytes));
		assert_int_equal(sb.overflow, capacity < 1 + 4 + 2 + 2 + 4 + 2 + 1);
		free(sb.data);
	}
}

static void test_csv(void **state)
{
	(void)state;
	check_csv("", "\"\"");
	check_csv("curl", "curl");
	check_csv("a b", "a b");
	check_csv("a,b", "\"a,b\"");
	check_csv("a\"b", "\"a\"\"b\"");
	check_csv("\"", "\"\"\"\"");
	check_csv("a\nb", "\"a\\x0Ab\"");
	check_csv("a\r\nb", "\"a\\x0D\\x0Ab\"");
	check_csv("a\\b", "\"a\\\\b\"");
	check_csv("\xc3\xa4", "\xc3\xa4");
	check_csv("\xc3\xa4,\"", "\"\xc3\xa4,\"\"\"");
}

/* Longer than any comm: cgroup paths. */
static void test_long_names(void **state)
{
	static const size_t lengths[] = {255, 256, 257, 300, 512, 4096, 5000};
	static char name[5000], text[5000];

	(void)state;
	memset(name, 'x', sizeof(name));
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct strbuf out = strbuf_over(text, sizeof(text));

		alarm(10); /* a loop that does not end fails here, not in an hour */
		assert_int_equal(escape_terminal(&out, name, lengths[i], SIZE_MAX), lengths[i]);
		assert_int_equal(out.length, lengths[i]);
		assert_memory_equal(text, name, lengths[i]);
		out.length = 0;
		escape_json(&out, name, lengths[i]);
		assert_int_equal(out.length, lengths[i]);
		assert_memory_equal(text, name, lengths[i]);
		alarm(0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_field),
		cmocka_unit_test(test_field_length),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_every_byte_json),
		cmocka_unit_test(test_every_character),
		cmocka_unit_test(test_unsafe_characters),
		cmocka_unit_test(test_invalid_utf8),
		cmocka_unit_test(test_length_ends),
		cmocka_unit_test(test_max_columns),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_long_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
