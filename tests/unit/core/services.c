/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lines of services(5). */
#include "core/services.h"

#include "text.h"

static void expect(const char *line, const char *name, uint16_t port)
{
	size_t length = strlen(line);
	struct name found = {};
	uint16_t number = 0;

	if (!services_parse_line(line, length, &found, &number))
		fail_msg("not taken: %s", line);
	assert_int_equal(found.length, strlen(name));
	assert_memory_equal(found.bytes, name, found.length);
	assert_int_equal(number, port);
}

static void refuse(const char *line)
{
	struct name name = {"untouched", 9};
	uint16_t port = 4711;

	if (services_parse_line(line, strlen(line), &name, &port))
		fail_msg("taken: %s", line);
	assert_string_equal(name.bytes, "untouched");
	assert_int_equal(port, 4711);
}

static void test_lines(void **state)
{
	(void)state;
	expect("http\t\t80/tcp\t\twww\t\t# WorldWideWeb HTTP", "http", 80);
	expect("ssh 22/tcp", "ssh", 22);
	expect("  ssh\t22/tcp#no blank\r", "ssh", 22);
	expect("last 65535/tcp", "last", 65535);
	expect("tcpmux\t1/tcp\t\t\t\t# TCP port service multiplexer", "tcpmux", 1);
	refuse("");
	refuse("# http 80/tcp");
	refuse("http # 80/tcp");
	refuse("http");
	refuse("http 80");
	refuse("http 80/");
	refuse("http 80/udp");
	refuse("http 80/tcpx");
	refuse("http 80/tc");
	refuse("http 0/tcp");
	refuse("http 65536/tcp");
	refuse("http 80x/tcp");
	refuse("http -80/tcp");
	refuse("http /tcp");
}

static void test_lengths(void **state)
{
	char line[SERVICE_NAME_MAX + 32];
	struct name name;
	uint16_t port;

	(void)state;
	memset(line, 'a', sizeof(line));
	memcpy(line + SERVICE_NAME_MAX, " 80/tcp", 7);
	assert_true(services_parse_line(line, SERVICE_NAME_MAX + 7, &name, &port));
	assert_int_equal(name.length, SERVICE_NAME_MAX);
	memset(line, 'a', sizeof(line));
	memcpy(line + SERVICE_NAME_MAX + 1, " 80/tcp", 7);
	assert_false(services_parse_line(line, SERVICE_NAME_MAX + 8, &name, &port));
	assert_false(services_parse_line("a\0b 80/tcp", 10, &name, &port));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
