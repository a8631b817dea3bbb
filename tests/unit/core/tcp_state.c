/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names of TCP states. */
#include "core/tcp_state.h"

#include "text.h"

static const char *const names[] = {
	NULL,    "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2",    "TIME_WAIT",
	"CLOSE", "CLOSE_WAIT",  "LAST_ACK", "LISTEN",   "CLOSING",   "NEW_SYN_RECV", "BOUND_INACTIVE",
};

static void test_names(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 300; i++) {
		if (i > 0 && i < COUNT(names))
			assert_string_equal(tcp_state_name(i), names[i]);
		else
			assert_null(tcp_state_name(i));
	}
	assert_null(tcp_state_name(~0U));
}

static void test_format(void **state)
{
	struct strbuf sb;

	(void)state;
	for (unsigned int i = 1; i < COUNT(names); i++) {
		/* with room to spare and with just enough */
		sb = text_new(32);
		tcp_state_format(&sb, i);
		text_check(&sb, names[i]);
		sb = text_new(strlen(names[i]));
		tcp_state_format(&sb, i);
		text_check(&sb, names[i]);
		sb = text_new(strlen(names[i]) - 1);
		tcp_state_format(&sb, i);
		assert_true(sb.overflow);
		assert_int_equal(sb.length, 0);
		free(sb.data);
	}
	sb = text_new(32);
	tcp_state_format(&sb, 0);
	strbuf_append_char(&sb, ' ');
	tcp_state_format(&sb, 14);
	strbuf_append_char(&sb, ' ');
	tcp_state_format(&sb, 255);
	text_check(&sb, "0 14 255");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_names), cmocka_unit_test(test_format)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
