/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* --by: words, keys of groups, and names of groups. */
#include "core/grouping.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "../../kernel/lib/test.h"

static void assert_parsed(const char *text, enum group_by first, enum group_by second, const char *name)
{
	struct grouping grouping;
	struct parse_error error;
	char buffer[64];
	struct strbuf out = strbuf_over(buffer, sizeof(buffer));

	assert_int_equal(grouping_parse(text, &grouping, &error), 0);
	assert_int_equal(grouping.by[0], first);
	assert_int_equal(grouping.by[1], second);
	grouping_format(&out, &grouping);
	assert_int_equal(out.length, strlen(name));
	assert_memory_equal(buffer, name, out.length);
}

static void assert_refused(const char *text, const char *quoted)
{
	struct grouping grouping;
	struct parse_error error;

	assert_int_equal(grouping_parse(text, &grouping, &error), -EINVAL);
	if (!strstr(error.text, quoted))
		fail_msg("\"%s\": %s does not quote %s", text, error.text, quoted);
}

static void test_parse(void **state)
{
	(void)state;
	assert_parsed("laddr", GROUP_BY_LADDR, GROUP_BY_NOTHING, "laddr");
	assert_parsed("raddr,rport", GROUP_BY_RADDR, GROUP_BY_RPORT, "raddr,rport");
	assert_parsed("comm,lport", GROUP_BY_COMM, GROUP_BY_LPORT, "comm,lport");
	assert_parsed("pid", GROUP_BY_PID, GROUP_BY_NOTHING, "pid");
	assert_parsed("cgroup,netns", GROUP_BY_CGROUP, GROUP_BY_NETNS, "cgroup,netns");
	assert_parsed("conn", GROUP_BY_CONN, GROUP_BY_NOTHING, "conn");
	assert_parsed("prefix:24,pid", GROUP_BY_PREFIX, GROUP_BY_PID, "prefix,pid");

	assert_refused("", "\"\"");
	assert_refused("laddr,", "\"\"");
	assert_refused("LADDR", "\"LADDR\"");
	assert_refused("addr", "\"addr\"");
	assert_refused("prefix", "\"prefix\"");
	assert_refused("prefix:", "\"prefix:\"");
	assert_refused("pid,pid", "\"pid\"");
	assert_refused("pid,comm,lport", "\"lport\"");
	assert_refused("conn,pid", "\"pid\"");
	assert_refused("pid,conn", "\"conn\"");
}

static void test_prefix_lengths(void **state)
{
	struct grouping grouping;
	struct parse_error error;

	(void)state;
	assert_int_equal(grouping_parse("prefix:24", &grouping, &error), 0);
	assert_int_equal(grouping.prefix_v4, 24);
	assert_int_equal(grouping.prefix_v6, 64);
	assert_int_equal(grouping_parse("prefix:32/128", &grouping, &error), 0);
	assert_int_equal(grouping.prefix_v4, 32);
	assert_int_equal(grouping.prefix_v6, 128);
	assert_refused("prefix:0", "\"0\"");
	assert_refused("prefix:33", "\"33\"");
	assert_refused("prefix:24/", "\"\"");
	assert_refused("prefix:24/129", "\"129\"");
	assert_refused("prefix:24/48/56", "\"48/56\"");
	assert_refused("prefix:/48", "\"\"");
}

static void assert_distinct_key(const char *by, const struct group_key *key, unsigned int distinction, const char *name)
{
	struct grouping grouping;
	struct parse_error error;
	char buffer[GROUPING_NAME_MAX + 1];
	struct strbuf out = strbuf_over(buffer, GROUPING_NAME_MAX);

	assert_int_equal(grouping_parse(by, &grouping, &error), 0);
	grouping_format_key(&out, &grouping, key, distinction, NULL);
	assert_false(out.overflow);
	buffer[out.length] = '\0';
	assert_string_equal(buffer, name);
}

static void assert_key(const char *by, const struct group_key *key, const char *name)
{
	assert_distinct_key(by, key, 0, name);
}

static void test_key(void **state)
{
	struct group_key v4 = {.part = {{127, 0, 0, 1}, {10, 1, 2, 0}}, .ip_version = 4, .lport = 80, .rport = 40000};
	struct group_key v6 = {.ip_version = 6, .lport = 443, .rport = 65535};
	struct group_key owner = {.owner_known = 1}, same;
	uint64_t cgroup = 0x123456789abc;
	uint32_t pid = 4711;
	uint16_t port = 8080;

	(void)state;
	assert_key("laddr", &v4, "127.0.0.1");
	assert_key("laddr,prefix:24", &v4, "127.0.0.1,10.1.2.0/24");
	assert_key("conn", &v4, "127.0.0.1:80->10.1.2.0:40000");
	/* the longest there is */
	assert_int_equal(inet_pton(AF_INET6, "2001:db8:1111:2222:3333:4444:5555:6666", v6.part[0]), 1);
	memcpy(v6.part[1], v6.part[0], 16);
	assert_key("conn", &v6,
		   "[2001:db8:1111:2222:3333:4444:5555:6666]:443->[2001:db8:1111:2222:3333:4444:5555:6666]:65535");
	same = v6;
	assert_true(grouping_is_namesake(&v6, &same));
	same.netns = UINT32_MAX;
	assert_true(grouping_is_namesake(&v6, &same));
	same.cookie = UINT64_MAX;
	same.conn_seq = UINT32_MAX - 1;
	assert_true(grouping_is_namesake(&v6, &same));
	assert_distinct_key(
		"conn", &same, GROUPING_NETNS | GROUPING_COOKIE,
		"[2001:db8:1111:2222:3333:4444:5555:6666]:443->[2001:db8:1111:2222:3333:4444:5555:6666]:65535"
		"@4294967295#18446744073709551615.4294967294");
	same.conn_seq = CONN_SEQ_UNKNOWN;
	assert_distinct_key("conn", &v4, GROUPING_NETNS, "127.0.0.1:80->10.1.2.0:40000@0");
	v4.cookie = 7;
	v4.conn_seq = CONN_SEQ_UNKNOWN;
	assert_distinct_key("conn", &v4, GROUPING_COOKIE, "127.0.0.1:80->10.1.2.0:40000#7");
	v4.conn_seq = 0;
	assert_distinct_key("conn", &v4, GROUPING_COOKIE, "127.0.0.1:80->10.1.2.0:40000#7");
	v4.conn_seq = 2;
	assert_distinct_key("conn", &v4, GROUPING_COOKIE, "127.0.0.1:80->10.1.2.0:40000#7.2");
	same.part[1][15] ^= 1;
	assert_false(grouping_is_namesake(&v6, &same));

	memcpy(owner.part[0], &pid, sizeof(pid));
	memcpy(owner.part[1], &port, sizeof(port));
	assert_key("pid,lport", &owner, "4711,8080");
	memcpy(owner.part[0], &cgroup, sizeof(cgroup));
	assert_key("cgroup", &owner, "20015998343868");
	memset(owner.part[0], 'x', 16); /* no NUL */
	assert_key("comm", &owner, "xxxxxxxxxxxxxxxx");
	owner.owner_known = 0;
	assert_key("comm,lport", &owner, "-,8080");
}

static void assert_named(const char *by, const struct group_key *key, const struct names *names, const char *expected)
{
	struct grouping grouping;
	struct parse_error error;
	char buffer[GROUPING_NAME_MAX + 1];
	struct strbuf out = strbuf_over(buffer, GROUPING_NAME_MAX);

	assert_int_equal(grouping_parse(by, &grouping, &error), 0);
	grouping_format_key(&out, &grouping, key, 0, names);
	buffer[out.length] = '\0';
	assert_string_equal(buffer, expected);
}

static void test_names(void **state)
{
	const struct names names = {.cgroup = {"/a", 2}, .netns = {"red", 3}}, none = {};
	struct group_key key = {.owner_known = 1};
	const uint64_t cgroup = 1ULL << 40;
	const uint32_t netns = 0xfffffff0;

	(void)state;
	memcpy(key.part[0], &cgroup, sizeof(cgroup));
	memcpy(key.part[1], &netns, sizeof(netns));
	assert_named("cgroup,netns", &key, &names, "/a,red");
	assert_named("cgroup,netns", &key, &none, "1099511627776,4294967280");
	/* a number that is none of theirs stays one; this is of another pid namespace */
	assert_named("cgroup,pid", &key, &names, "/a,host:2147483632");
	key.owner_known = 0;
	assert_named("cgroup,netns", &key, &names, "-,red");
}

/* A link-local address has a zone; a prefix only if all of it is link-local. */
static void test_zones(void **state)
{
	const struct names names = {.zone = {"eth0", 4}};
	struct group_key key = {.ip_version = 6, .lport = 1, .rport = 2, .netns = 7, .ifindex = 3};
	const uint16_t port = 443;

	(void)state;
	memcpy(key.part[0], (const uint8_t[16]){0xfe, 0x80, [15] = 1}, 16);
	memcpy(key.part[1], key.part[0], 16);
	assert_key("raddr", &key, "fe80::1%3");
	assert_named("raddr", &key, &names, "fe80::1%eth0");
	assert_named("laddr,raddr", &key, &names, "fe80::1%eth0,fe80::1%eth0");
	assert_named("conn", &key, &names, "[fe80::1%eth0]:1->[fe80::1%eth0]:2");
	assert_distinct_key("raddr", &key, GROUPING_NETNS, "fe80::1%3@7");
	memcpy(key.part[1], &port, sizeof(port));
	assert_named("raddr,lport", &key, &names, "fe80::1%eth0,443");

	key.part[0][15] = 0;
	assert_key("prefix:24", &key, "fe80::%3/64");
	assert_named("prefix:24", &key, &names, "fe80::%eth0/64");
	assert_named("prefix:24/10", &key, &names, "fe80::%eth0/10");
	assert_named("prefix:24/9", &key, &names, "fe80::/9");
	key.ifindex = 0;
	assert_named("raddr", &key, &names, "fe80::");
	key.ifindex = 3;
	key.part[0][0] = 0x20;
	assert_named("raddr", &key, &names, "2080::");
	assert_named("prefix:24", &key, &names, "2080::/64");
}

static void assert_order(const struct group_key *keys, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count; j++)
			assert_true(i < j   ? grouping_compare(&keys[i], &keys[j]) < 0
				    : i > j ? grouping_compare(&keys[i], &keys[j]) > 0
					    : !grouping_compare(&keys[i], &keys[j]));
}

/* Two groups of one name differ in what is printed behind it. */
static void test_distinction(void **state)
{
	const struct group_key keys[] = {
		{.lport = 1, .netns = 9, .cookie = 1},  {.lport = 2, .netns = 3, .cookie = 8},
		{.lport = 2, .netns = 3, .cookie = 9},  {.lport = 2, .netns = 3, .cookie = 9, .conn_seq = 1},
		{.lport = 2, .netns = 4, .cookie = 7},  {.lport = 3, .netns = 4, .ifindex = 1},
		{.lport = 3, .netns = 4, .ifindex = 2},
	};
	const struct group_key *first = &keys[1], *last = &keys[4];

	(void)state;
	assert_order(keys, sizeof(keys) / sizeof(keys[0]));
	assert_false(grouping_is_namesake(&keys[0], &keys[1]));
	assert_true(grouping_is_namesake(first, last));
	assert_int_equal(grouping_distinction(&keys[0], &keys[0], &keys[0], &keys[0], &keys[0]), 0);
	assert_int_equal(grouping_distinction(&keys[1], first, last, &keys[1], &keys[2]),
			 GROUPING_NETNS | GROUPING_COOKIE);
	assert_int_equal(grouping_distinction(&keys[3], first, last, &keys[2], &keys[4]),
			 GROUPING_NETNS | GROUPING_COOKIE);
	assert_int_equal(grouping_distinction(last, first, last, &keys[3], last), GROUPING_NETNS);
	/* the zone does */
	assert_int_equal(grouping_distinction(&keys[5], &keys[5], &keys[6], &keys[5], &keys[6]), 0);
}

static void assert_ids(const char *by, const struct group_key *key, unsigned int names, struct grouping_ids expected)
{
	struct grouping grouping;
	struct parse_error error;
	struct grouping_ids ids;

	assert_int_equal(grouping_parse(by, &grouping, &error), 0);
	assert_int_equal(grouping_names(&grouping), names);
	ids = grouping_ids(&grouping, key);
	assert_int_equal(ids.cgroup_id, expected.cgroup_id);
	assert_int_equal(ids.netns, expected.netns);
	assert_int_equal(ids.pid, expected.pid);
}

static void test_ids(void **state)
{
	struct group_key key = {.owner_known = 1};
	const uint64_t first = 7ULL << 40 | 3;
	const uint32_t second = 0xfffffff0;

	(void)state;
	memcpy(key.part[0], &first, sizeof(first));
	memcpy(key.part[1], &second, sizeof(second));
	assert_ids("cgroup,netns", &key, NAMES_CGROUP | NAMES_NETNS,
		   (struct grouping_ids){.cgroup_id = first, .netns = second});
	assert_ids("netns,pid", &key, NAMES_NETNS, (struct grouping_ids){.netns = 3, .pid = second});
	assert_ids("raddr,lport", &key, 0, (struct grouping_ids){});
	assert_ids("conn", &key, 0, (struct grouping_ids){});
	key.owner_known = 0;
	assert_ids("cgroup,netns", &key, NAMES_CGROUP | NAMES_NETNS, (struct grouping_ids){.netns = second});
}

static void test_ids_of_sockets(void **state)
{
	struct group_key key = {.ip_version = 6, .netns = 5, .ifindex = 3, .cookie = 8, .conn_seq = 1};
	struct grouping by_conn = {.by = {GROUP_BY_CONN}}, by_raddr = {.by = {GROUP_BY_LPORT, GROUP_BY_RADDR}};
	struct grouping_ids ids = grouping_ids(&by_conn, &key);

	(void)state;
	assert_true(ids.is_conn && !ids.has_zone && ids.netns == 5 && ids.ifindex == 3 && ids.cookie == 8);
	assert_int_equal(ids.conn_seq, 1);
	memcpy(key.part[1], (const uint8_t[16]){0xfe, 0x80, [15] = 1}, 16);
	assert_true(grouping_ids(&by_conn, &key).has_zone);
	ids = grouping_ids(&by_raddr, &key);
	assert_true(!ids.is_conn && ids.has_zone && ids.netns == 5 && ids.ifindex == 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse), cmocka_unit_test(test_prefix_lengths),
		cmocka_unit_test(test_key),   cmocka_unit_test(test_names),
		cmocka_unit_test(test_ids),   cmocka_unit_test(test_ids_of_sockets),
		cmocka_unit_test(test_zones), cmocka_unit_test(test_distinction),
	};

	return cmocka_run_group_tests_name("core/grouping", tests, NULL, NULL);
}
