/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names of ports from a file. */
#include "os/services.h"

#include "../core/text.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static void open_text(const char *text, struct services *ret)
{
	char path[] = "/tmp/tcpvitals-services-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	assert_int_equal(services_open(path, ret), 0);
	unlink(path);
}

static void expect(const struct services *services, uint16_t port, const char *expected)
{
	struct name name = services_name(services, port);

	if (!expected) {
		assert_null(name.bytes);
		return;
	}
	assert_int_equal(name.length, strlen(expected));
	assert_memory_equal(name.bytes, expected, name.length);
}

static void test_file(void **state)
{
	struct services services;

	(void)state;
	open_text("# names\n\nhttp 80/tcp www\nother 80/tcp\ndns 53/udp\nlast 65535/tcp", &services);
	expect(&services, 80, "http");
	expect(&services, 53, NULL);
	expect(&services, 0, NULL);
	expect(&services, 65535, "last");
	services_close(&services);
	expect(&services, 80, NULL);
}

static void test_no_file(void **state)
{
	struct services services;

	(void)state;
	assert_int_equal(services_open("/no/such/file", &services), -ENOENT);
	assert_int_equal(services_open("/", &services), -EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
