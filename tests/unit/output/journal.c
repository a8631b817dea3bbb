/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Journal entries of transitions, field by field, and the connection to journald. */
#include "output/journal.h"

#include "records.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void check_fields_named(const struct transition *event, const struct names *names, const char *const *expected,
			       size_t count)
{
	struct journal_entry entry;

	memset(&entry, 0xff, sizeof(entry));
	journal_entry_build(&entry, event, names, &records_base);
	assert_true(entry.count <= JOURNAL_FIELDS_MAX);
	for (size_t i = 0; i < entry.count && i < count; i++) {
		struct strbuf field = text_new(entry.fields[i].iov_len);

		strbuf_append(&field, entry.fields[i].iov_base, entry.fields[i].iov_len);
		text_check(&field, expected[i]);
	}
	assert_int_equal(entry.count, count);
}

static void check_fields(const struct transition *event, const char *const *expected, size_t count)
{
	check_fields_named(event, NULL, expected, count);
}

static void test_ipv4(void **state)
{
	static const char *const fields[] = {
		"MESSAGE=curl 127.0.0.1 55106 → 127.0.0.1 80 SYN_SENT → ESTABLISHED",
		"SYSLOG_IDENTIFIER=tcpstates",
		"PRIORITY=5",
		"SOURCE_REALTIME_TIMESTAMP=1795350709123456",
		"OBJECT_PID=2607",
		"OBJECT_COMM=curl",
		"OBJECT_IPV4_SOURCE_ADDRESS=127.0.0.1",
		"OBJECT_TCP_SOURCE_PORT=55106",
		"OBJECT_IPV4_DESTINATION_ADDRESS=127.0.0.1",
		"OBJECT_TCP_DESTINATION_PORT=80",
		"OBJECT_TCP_OLD_STATE=SYN_SENT",
		"OBJECT_TCP_NEW_STATE=ESTABLISHED",
		"OBJECT_TCP_SPAN_TIME=1373",
	};

	(void)state;
	check_fields(&records[0], fields, COUNT(fields));
}

/* Unknown values are left out. */
static void test_unknown(void **state)
{
	static const char *const fields[] = {
		"MESSAGE=- :: 1 → ::1 65535 ESTABLISHED → FIN_WAIT1",
		"SYSLOG_IDENTIFIER=tcpstates",
		"PRIORITY=5",
		"SOURCE_REALTIME_TIMESTAMP=1795350708999999",
		"OBJECT_IPV6_SOURCE_ADDRESS=::",
		"OBJECT_TCP_SOURCE_PORT=1",
		"OBJECT_IPV6_DESTINATION_ADDRESS=::1",
		"OBJECT_TCP_DESTINATION_PORT=65535",
		"OBJECT_TCP_OLD_STATE=ESTABLISHED",
		"OBJECT_TCP_NEW_STATE=FIN_WAIT1",
	};

	(void)state;
	check_fields(&records[2], fields, COUNT(fields));
}

#define NAME "\\x1B[2J\\x0D\\x0Ax\\xE2\\x80\\xAE\\x7F\\xC2\\x9B\\xC3"

/* The message is for terminals, the field has the bytes as they are, newline and all. */
static void test_name(void **state)
{
	static const char *const fields[] = {
		"MESSAGE=" NAME " ::ffff:1.2.3.4 22 → 2001:db8::1 50000 TIME_WAIT → CLOSE",
		"SYSLOG_IDENTIFIER=tcpstates",
		"PRIORITY=5",
		"SOURCE_REALTIME_TIMESTAMP=1795350711000000",
		"OBJECT_PID=302",
		"OBJECT_COMM=\x1b[2J\r\nx\xe2\x80\xae\x7f\xc2\x9b\xc3",
		"OBJECT_IPV6_SOURCE_ADDRESS=::ffff:1.2.3.4",
		"OBJECT_TCP_SOURCE_PORT=22",
		"OBJECT_IPV6_DESTINATION_ADDRESS=2001:db8::1",
		"OBJECT_TCP_DESTINATION_PORT=50000",
		"OBJECT_TCP_OLD_STATE=TIME_WAIT",
		"OBJECT_TCP_NEW_STATE=CLOSE",
		"OBJECT_TCP_SPAN_TIME=0",
		"OBJECT_TCP_CAUSE=time-wait",
	};

	(void)state;
	check_fields(&records[6], fields, COUNT(fields));
}

static void test_numbered_states(void **state)
{
	static const char *const fields[] = {
		"MESSAGE=\"\" 1.2.3.4 2049 → 5.6.7.8 700 14 → 255",
		"SYSLOG_IDENTIFIER=tcpstates",
		"PRIORITY=5",
		"SOURCE_REALTIME_TIMESTAMP=1795386708000000",
		"OBJECT_PID=0",
		"OBJECT_COMM=",
		"OBJECT_IPV4_SOURCE_ADDRESS=1.2.3.4",
		"OBJECT_TCP_SOURCE_PORT=2049",
		"OBJECT_IPV4_DESTINATION_ADDRESS=5.6.7.8",
		"OBJECT_TCP_DESTINATION_PORT=700",
		"OBJECT_TCP_OLD_STATE=14",
		"OBJECT_TCP_NEW_STATE=255",
		"OBJECT_TCP_SPAN_TIME=0",
		"OBJECT_TCP_CAUSE=unknown",
	};

	(void)state;
	check_fields(&records[7], fields, COUNT(fields));
}

static void test_zone(void **state)
{
	static const char *const fields[] = {
		"MESSAGE=abcdefghijklmno 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff 65535 → "
		"fe80:1234:ffff:ffff:ffff:ffff:ffff:ffff%\\x1Beth0 65535 NEW_SYN_RECV → BOUND_INACTIVE",
		"SYSLOG_IDENTIFIER=tcpstates",
		"PRIORITY=5",
		"SOURCE_REALTIME_TIMESTAMP=1795363053678901",
		"OBJECT_PID=4194304",
		"OBJECT_COMM=abcdefghijklmno",
		"OBJECT_IPV6_SOURCE_ADDRESS=2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
		"OBJECT_TCP_SOURCE_PORT=65535",
		"OBJECT_IPV6_DESTINATION_ADDRESS=fe80:1234:ffff:ffff:ffff:ffff:ffff:ffff",
		"OBJECT_TCP_DESTINATION_PORT=65535",
		"OBJECT_TCP_IFINDEX=3",
		"OBJECT_TCP_ZONE=\x1b"
		"eth0",
		"OBJECT_TCP_OLD_STATE=NEW_SYN_RECV",
		"OBJECT_TCP_NEW_STATE=BOUND_INACTIVE",
		"OBJECT_TCP_SPAN_TIME=86400000000",
		"OBJECT_TCP_CAUSE=timeout-retransmission",
	};
	struct transition event = records[3];

	(void)state;
	event.ifindex = 3;
	check_fields_named(&event,
			   &(struct names){.zone = {"\x1b"
						    "eth0",
						    5}},
			   fields, COUNT(fields));
}

/* Fields follow each other without a gap when nothing was dropped; the text must have room for a little more. */
static void test_longest(void **state)
{
	(void)state;
	for (unsigned int variant = 0; variant < RECORDS_LONGEST; variant++) {
		struct transition event = records_longest(variant);
		struct journal_entry entry;
		size_t used = 0;

		journal_entry_build(&entry, &event, &(struct names){.zone = {"123456789012345", 15}},
				    &(struct timebase){});
		assert_int_equal(entry.count, JOURNAL_FIELDS_MAX - (event.owner.pid & OWNER_PID_OUTSIDE ? 1 : 0));
		for (size_t i = 0; i < entry.count; i++) {
			assert_ptr_equal(entry.fields[i].iov_base, entry.text + used);
			assert_non_null(memchr(entry.fields[i].iov_base, '=', entry.fields[i].iov_len));
			used += entry.fields[i].iov_len;
		}
		assert_true(used <= JOURNAL_TEXT_MAX - 100);
	}
}

static void test_connect(void **state)
{
	char folder[] = "/tmp/tcpvitals-journal-XXXXXX";
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char long_path[200], byte;
	int fd, connected = -1, entries = 0;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", folder);
	assert_int_equal(journal_connect(address.sun_path, &connected), -ENOENT);

	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(journal_connect(address.sun_path, &connected), 0);
	/* a journald that does not read is ready until its queue is full, and again when it has read */
	while (journal_is_ready(connected) && entries++ < 100000)
		assert_int_equal(send(connected, "x", 1, MSG_DONTWAIT), 1);
	assert_in_range(entries, 1, 99999);
	while (entries--)
		assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), 1);
	assert_true(journal_is_ready(connected));
	close(connected);
	/* the name remains when nobody listens any more */
	close(fd);
	assert_int_equal(journal_connect(address.sun_path, &connected), -ENOENT);
	unlink(address.sun_path);
	rmdir(folder);

	memset(long_path, 'x', sizeof(long_path));
	long_path[sizeof(long_path) - 1] = '\0';
	assert_int_equal(journal_connect(long_path, &connected), -ENAMETOOLONG);
}

static void test_without_library(void **state)
{
	int fd = -1;

	(void)state;
#ifdef HAVE_LIBSYSTEMD
	assert_int_not_equal(journal_open(&fd), -EOPNOTSUPP);
	if (fd >= 0)
		close(fd);
#else
	assert_int_equal(journal_open(&fd), -EOPNOTSUPP);
	assert_int_equal(journal_transition(&records[0], NULL, &records_base), -EOPNOTSUPP);
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipv4),    cmocka_unit_test(test_unknown),         cmocka_unit_test(test_name),
		cmocka_unit_test(test_zone),    cmocka_unit_test(test_numbered_states), cmocka_unit_test(test_longest),
		cmocka_unit_test(test_connect), cmocka_unit_test(test_without_library),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
