/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The wire format: the examples of its specification, limits of numbers, messages in messages, no room. */
#include "core/protobuf.h"

#include "text.h"

static void test_numbers(void **state)
{
	static const char expected[] = "\x08\x96\x01"                                 /* 150 */
				       "\x80\x01\x00"                                 /* field 16 */
				       "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01" /* 2^64 - 1 */
				       "\x10\x01\x10\x02\x10\x03"                     /* -1, 1, -2 */
				       "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01" /* -2^63 */
				       "\x19\x00\x00\x00\x00\x00\x00\xf0\x3f";        /* 1.0 */
	struct strbuf sb = text_new(100);

	(void)state;
	protobuf_append_u64(&sb, 1, 150);
	protobuf_append_u64(&sb, 16, 0);
	protobuf_append_u64(&sb, 1, UINT64_MAX);
	protobuf_append_s64(&sb, 2, -1);
	protobuf_append_s64(&sb, 2, 1);
	protobuf_append_s64(&sb, 2, -2);
	protobuf_append_s64(&sb, 2, INT64_MIN);
	protobuf_append_double(&sb, 3, 1.0);
	text_check_bytes(&sb, expected, sizeof(expected) - 1);
}

static void test_bytes(void **state)
{
	static const char expected[] = "\x12\x07testing\x0a\x02\x00z";
	struct strbuf sb = text_new(20);

	(void)state;
	protobuf_append_string(&sb, 2, "testing");
	protobuf_append_bytes(&sb, 1, "\0z", 2);
	text_check_bytes(&sb, expected, sizeof(expected) - 1);
}

static void test_messages(void **state)
{
	static const char expected[] = "\x07\x1a\x03\x08\x96\x01\x22\x00";
	struct strbuf sb = text_new(20);
	size_t outer = protobuf_begin(&sb, 0), inner = protobuf_begin(&sb, 3);

	(void)state;
	protobuf_append_u64(&sb, 1, 150);
	protobuf_end(&sb, inner);
	inner = protobuf_begin(&sb, 4);
	protobuf_end(&sb, inner);
	protobuf_end(&sb, outer);
	text_check_bytes(&sb, expected, sizeof(expected) - 1);
}

/* The length of a message takes another byte from 128 bytes on. */
static void test_long_message(void **state)
{
	for (size_t length = 126; length <= 128; length++) {
		struct strbuf sb = text_new(140);
		size_t mark = protobuf_begin(&sb, 1);
		char expected[140] = {0x0a, (char)length};
		size_t head = 2;

		(void)state;
		if (length == 128) {
			expected[1] = (char)0x80;
			expected[2] = 1;
			head = 3;
		}
		memset(expected + head, 'x', length);
		for (size_t i = 0; i < length; i++)
			strbuf_append_char(&sb, 'x');
		protobuf_end(&sb, mark);
		text_check_bytes(&sb, expected, head + length);
	}
}

static void test_no_room(void **state)
{
	(void)state;
	for (size_t capacity = 0; capacity < 8; capacity++) {
		struct strbuf sb = text_new(capacity);
		size_t mark = protobuf_begin(&sb, 1);

		protobuf_append_string(&sb, 2, "four");
		protobuf_end(&sb, mark);
		assert_true(sb.overflow);
		assert_true(sb.length <= capacity);
		free(sb.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),      cmocka_unit_test(test_bytes),   cmocka_unit_test(test_messages),
		cmocka_unit_test(test_long_message), cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
