/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The transitions whose text is in tests/golden, and comparison with that text. */
#ifndef TCPVITALS_TEST_RECORDS_H
#define TCPVITALS_TEST_RECORDS_H

#include "../core/text.h"

#include "abi/tcp_state.h"
#include "core/column.h"
#include "core/names.h"

#include <stdio.h>
#include <sys/stat.h>

/* The base is 2026-11-22T12:31:49Z, an hour and a half east of Greenwich. The first event is at 1 s. */
static const struct timebase records_base = {
	.clocks.newest = {.realtime_offset_ns = 1795350709000000000 - 1000000000, .utc_offset_s = 5400},
	.first_ns = 1000000000,
};

/* records_base, but the machine was suspended for an hour when CLOCK_MONOTONIC was at 1.1 s. */
static const struct timebase records_suspended = {
	.clocks = {.newest = {.from_ns = 1100000000,
			      .realtime_offset_ns = 1795350709000000000 - 1000000000 + 3600000000000,
			      .boottime_offset_ns = 3600000000000,
			      .utc_offset_s = 5400},
		   .count = 1,
		   .older = {{.realtime_offset_ns = 1795350709000000000 - 1000000000, .utc_offset_s = 5400}}},
	.first_ns = 1000000000,
};

/* A suspend of the greatest possible duration, before the longest records end. */
static const struct timebase records_longest_suspended = {
	.clocks = {.newest = {.from_ns = 1ULL << 63, .boottime_offset_ns = INT64_MAX}, .count = 1}};

static const struct transition records[] = {
	{
		/* what everybody wants to see */
		.skaddr = 0xffff888102a1e5c0,
		.cookie = 4711,
		.time_ns = 1123456789,
		.duration_ns = 1373000,
		.owner = {.cgroup_id = 1, .pid = 2607, .source = OWNER_CONNECT, .comm = "curl"},
		.laddr = {127, 0, 0, 1},
		.raddr = {127, 0, 0, 1},
		.netns = 4026531840,
		.lport = 55106,
		.rport = 80,
		.ip_version = 4,
		.oldstate = STATE_SYN_SENT,
		.newstate = STATE_ESTABLISHED,
		.uid = 1000,
		.syn_retrans = 2,
	},
	{
		/* a listener: no peer, no earlier state known */
		.skaddr = 0xffff888102a1e5c8,
		.cookie = 4712,
		.time_ns = 1000000000,
		.duration_ns = DURATION_UNKNOWN,
		.owner = {.pid = 1, .source = OWNER_LISTEN, .comm = "systemd"},
		.netns = 4026532205,
		.conn_seq = 3,
		.lport = 8080,
		.ip_version = 4,
		.oldstate = STATE_CLOSE,
		.newstate = STATE_LISTEN,
		.syn_retrans = SYN_RETRANS_NONE,
	},
	{
		/* nothing known: fields of an unknown owner are not looked at */
		.skaddr = 0,
		.time_ns = 999999999,
		.duration_ns = DURATION_UNKNOWN,
		.owner = {.cgroup_id = 9, .pid = 9, .comm = "stale"},
		.raddr = {[15] = 1},
		.lport = 1,
		.rport = 65535,
		.ip_version = 6,
		.oldstate = STATE_ESTABLISHED,
		.newstate = STATE_FIN_WAIT1,
		.uid = UID_UNKNOWN,
		.syn_retrans = SYN_RETRANS_NONE,
	},
	{
		/* the longest of everything a healthy kernel sends */
		.skaddr = 0xffffffffffffffff,
		.cookie = 18446744073709551615ULL,
		.time_ns = 12345678901234,
		.duration_ns = 86400000000500,
		.owner = {.cgroup_id = 18446744073709551615ULL,
			  .pid = 4194304,
			  .source = OWNER_LISTENER,
			  .comm = "abcdefghijklmno"},
		.laddr = {0x20, 0x01, 0x0d, 0xb8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255},
		.raddr = {0xfe, 0x80, 0x12, 0x34, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255},
		.netns = 4294967295,
		.conn_seq = 4294967295,
		.lport = 65535,
		.rport = 65535,
		.ip_version = 6,
		.oldstate = STATE_NEW_SYN_RECV,
		.newstate = STATE_BOUND_INACTIVE,
		.uid = 4294967294,
		.syn_retrans = 254,
		.cause = CAUSE_TIMEOUT_RETRANSMISSION,
	},
	{
		/* a name for every format's special characters */
		.skaddr = 0xffff888102a1e600,
		.cookie = 5,
		.time_ns = 1500000000,
		.duration_ns = 999499,
		.owner = {.cgroup_id = 77, .pid = 300, .source = OWNER_ACCEPT, .comm = "a,\"b\" \\n"},
		.laddr = {192, 168, 178, 100},
		.raddr = {255, 255, 255, 255},
		.netns = 4026531840,
		.lport = 443,
		.rport = 1024,
		.ip_version = 4,
		.oldstate = STATE_CLOSE_WAIT,
		.newstate = STATE_LAST_ACK,
		.flags = TRANSITION_AT_LEAST,
		.syn_retrans = SYN_RETRANS_NONE,
	},
	{
		/* UTF-8 of two and three bytes keeps the columns aligned */
		.skaddr = 0xffff888102a1e640,
		.cookie = 6,
		.time_ns = 2000000000,
		.duration_ns = 999500,
		.owner = {.cgroup_id = 77, .pid = 301, .source = OWNER_USE, .comm = "na\xc3\xafve\xe2\x82\xac"},
		.laddr = {10, 0, 0, 1},
		.raddr = {10, 0, 0, 2},
		.netns = 4026531840,
		.lport = 443,
		.rport = 1025,
		.ip_version = 4,
		.oldstate = STATE_LAST_ACK,
		.newstate = STATE_LAST_ACK,
		.syn_retrans = SYN_RETRANS_NONE,
	},
	{
		/* an attack on the terminal; the last character is cut by the kernel's 15 bytes */
		.skaddr = 0xffff888102a1e680,
		.cookie = 7,
		.time_ns = 3000000000,
		.duration_ns = 0,
		.owner = {.cgroup_id = 77,
			  .pid = 302,
			  .source = OWNER_SEED,
			  .comm = "\x1b[2J\r\nx\xe2\x80\xae\x7f\xc2\x9b\xc3"},
		.laddr = {[10] = 255, [11] = 255, [12] = 1, [13] = 2, [14] = 3, [15] = 4},
		.raddr = {0x20, 0x01, 0x0d, 0xb8, [15] = 1},
		.netns = 4026531840,
		.lport = 22,
		.rport = 50000,
		.ip_version = 6,
		.oldstate = STATE_TIME_WAIT,
		.newstate = STATE_CLOSE,
		.cause = CAUSE_TIME_WAIT,
		.syn_retrans = SYN_RETRANS_NONE,
	},
	{
		/* a newer kernel's states, and a kernel thread without a name, after midnight */
		.skaddr = 0xdeadbeef,
		.cookie = 8,
		.time_ns = 36000000000000,
		.duration_ns = 499,
		.owner = {.source = OWNER_KERNEL},
		.laddr = {1, 2, 3, 4},
		.raddr = {5, 6, 7, 8},
		.netns = 4026531840,
		.lport = 2049,
		.rport = 700,
		.ip_version = 4,
		.oldstate = 14,
		.newstate = 255,
		.cause = 255,
		.syn_retrans = SYN_RETRANS_NONE,
	},
	{
		/* all 16 bytes used, which no kernel does, and blanks at the end */
		.skaddr = 0xffff888102a1e6c0,
		.cookie = 9,
		.time_ns = 1000001000,
		.duration_ns = 60000000000,
		.owner = {.cgroup_id = 77,
			  .pid = 303,
			  .source = OWNER_USE,
			  .comm = {'t', 'w', 'o', ' ', 'w', 'o', 'r', 'd', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' '}},
		.laddr = {1, 2, 3, 4},
		.raddr = {5, 6, 7, 8},
		.netns = 4026531840,
		.lport = 5,
		.rport = 7,
		.ip_version = 4,
		.oldstate = STATE_FIN_WAIT2,
		.newstate = STATE_CLOSING,
		.syn_retrans = SYN_RETRANS_NONE,
	},
};

/* Reads tests/golden/NAME below $TCPVITALS_SOURCE or the current directory. */
static inline struct strbuf golden_read(const char *name)
{
	const char *source = getenv("TCPVITALS_SOURCE");
	struct strbuf sb;
	struct stat st;
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/tests/golden/%s", source ? source : ".", name);
	file = fopen(path, "rb");
	if (!file)
		fail_msg("cannot open %s: run from the top of the source tree or set TCPVITALS_SOURCE", path);
	assert_int_equal(fstat(fileno(file), &st), 0);
	sb = text_new((size_t)st.st_size);
	sb.length = fread(sb.data, 1, sb.capacity, file);
	assert_int_equal(sb.length, sb.capacity);
	fclose(file);
	return sb;
}

/* Compares byte by byte, and frees the buffer. If they differ, prints the whole actual text. */
static inline void golden_check(const char *name, struct strbuf *actual)
{
	struct strbuf golden = golden_read(name);

	assert_false(actual->overflow);
	if (golden.length != actual->length || memcmp(golden.data, actual->data, golden.length) != 0) {
		fprintf(stderr, "tests/golden/%s differs from:\n", name);
		fwrite(actual->data, 1, actual->length, stderr);
		fail();
	}
	free(golden.data);
	free(actual->data);
}

#define RECORDS_LONGEST_NAMES 6

/* The longest possible names, each of which repeats one string. `room` is the memory for them. */
static inline struct names records_longest_names(char room[4096], unsigned int variant)
{
	static const char *const bytes[RECORDS_LONGEST_NAMES] = {"\x01", "\xff", "\"", "\\", "\n", "\xe2\x80\xae"};
	const char *of = bytes[variant];
	struct name name = {room, 255 - 255 % strlen(of)}, path = {room, 4095 - 4095 % strlen(of)};

	for (size_t i = 0; i < path.length; i++)
		room[i] = of[i % strlen(of)];
	return (struct names){~0U,  path, name, {room, 64 - 64 % strlen(of)}, {room, 36},
			      name, name, name, {room, 15 - 15 % strlen(of)}};
}

/*
 * The longest possible rows: every number at its maximum, the longest addresses, states and owner. The name has 16
 * bytes, which all need the longest escape of some format. In the first six rows, the process is in another pid
 * namespace, which is longer in JSON and shorter elsewhere.
 */
static inline struct transition records_longest(unsigned int variant)
{
	static const char names[][OWNER_COMM_LEN + 1] = {
		"\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01",
		"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
		"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"",
		"\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\",
		"\xe2\x80\xae\xe2\x80\xae\xe2\x80\xae\xe2\x80\xae\xe2\x80\xae\x01",
		"\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80",
	};
	struct transition event;

	memset(&event, 0xff, sizeof(event));
	event.duration_ns = DURATION_UNKNOWN - 1;
	event.flags = 0;
	event.uid = UID_UNKNOWN - 1;
	event.syn_retrans = SYN_RETRANS_NONE - 1;
	event.cause = CAUSE_TIMEOUT_RETRANSMISSION;
	event.owner.source = OWNER_LISTENER;
	if (variant >= COUNT(names))
		event.owner.pid &= ~OWNER_PID_OUTSIDE;
	memcpy(event.owner.comm, names[variant % COUNT(names)], OWNER_COMM_LEN);
	event.oldstate = event.newstate = STATE_BOUND_INACTIVE;
	/* link-local, so that they have a zone */
	event.laddr[0] = event.raddr[0] = 0xfe;
	event.laddr[1] = event.raddr[1] = 0xbf;
	return event;
}

#define RECORDS_LONGEST 12

#endif
