/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Keys of groups, as both sides compute them. */
#include "core/group_key.h"

#include "text.h"

#include <arpa/inet.h>

static struct connection connection(const char *laddr, const char *raddr)
{
	struct connection c = {.life.role = ROLE_CLIENT};
	int family = strchr(raddr, ':') ? AF_INET6 : AF_INET;

	c.end = (struct transition){
		.ip_version = family == AF_INET6 ? 6 : 4,
		.owner = {.pid = 7, .source = OWNER_CONNECT, .cgroup_id = 77, .comm = "curl"},
		.lport = 40000,
		.rport = 443,
		.netns = 11,
		.ifindex = 3,
		.cookie = 5,
		.conn_seq = 2,
	};
	assert_int_equal(inet_pton(family, laddr, c.end.laddr), 1);
	assert_int_equal(inet_pton(family, raddr, c.end.raddr), 1);
	return c;
}

static struct group_key key_of(const char *words, const struct connection *c)
{
	struct grouping grouping;
	struct parse_error error;
	struct group_settings settings;

	assert_int_equal(grouping_parse(words, &grouping, &error), 0);
	settings = group_settings_of(&grouping, 32768, 60999);
	return group_key_of(&settings, c);
}

/* Everything but the named words is zero. */
static void assert_key(const char *words, const struct connection *c, const struct group_key *expected)
{
	struct group_key key = key_of(words, c);

	assert_memory_equal(&key, expected, sizeof(key));
}

static void put(struct group_key *key, int part, const void *value, size_t size)
{
	memset(key->part[part], 0, sizeof(key->part[part]));
	memcpy(key->part[part], value, size);
}

static void test_words(void **state)
{
	struct connection c = connection("192.0.2.1", "198.51.100.77");
	struct group_key key = {.ip_version = 4}, ports = {}, owner = {.owner_known = 1}, net = {};
	uint32_t role = ROLE_CLIENT, port = 443;

	(void)state;
	put(&key, 0, c.end.raddr, 16);
	put(&key, 1, c.end.laddr, 16);
	assert_key("raddr,laddr", &c, &key);
	put(&key, 0, "\xc6\x33\x40\x00", 4);
	memset(key.part[1], 0, 16);
	assert_key("prefix:18", &c, &key);
	put(&ports, 0, &c.end.lport, 2);
	put(&ports, 1, &c.end.rport, 2);
	assert_key("lport,rport", &c, &ports);
	put(&owner, 0, &c.end.owner.pid, 4);
	put(&owner, 1, &c.end.owner.cgroup_id, 8);
	assert_key("pid,cgroup", &c, &owner);
	put(&owner, 0, "curl", 4);
	memset(owner.part[1], 0, 16);
	assert_key("comm", &c, &owner);
	c.end.owner.source = OWNER_UNKNOWN;
	owner.owner_known = 0;
	assert_key("comm", &c, &owner);
	put(&net, 0, &c.end.netns, 4);
	put(&net, 1, &role, 4);
	assert_key("netns,role", &c, &net);
	put(&net, 0, &port, 4);
	memset(net.part[1], 0, 16);
	assert_key("port", &c, &net);
}

static uint32_t port_of(struct connection c, uint16_t lport, uint16_t rport, uint8_t role)
{
	struct group_key key;
	uint32_t port;

	c.end.lport = lport;
	c.end.rport = rport;
	c.life.role = role;
	key = key_of("port", &c);
	memcpy(&port, key.part[0], sizeof(port));
	return port;
}

/* The listening side's, also where the role is unknown but the other port is ephemeral. */
static void test_port(void **state)
{
	struct connection c = connection("192.0.2.1", "198.51.100.77");

	(void)state;
	assert_int_equal(port_of(c, 80, 50000, ROLE_SERVER), 80);
	assert_int_equal(port_of(c, 50000, 80, ROLE_CLIENT), 80);
	assert_int_equal(port_of(c, 80, 50000, ROLE_UNKNOWN), 80);
	assert_int_equal(port_of(c, 60999, 80, ROLE_UNKNOWN), 80);
	assert_int_equal(port_of(c, 8080, 80, ROLE_UNKNOWN), GROUP_PORT_UNKNOWN);
	assert_int_equal(port_of(c, 32768, 60999, ROLE_UNKNOWN), GROUP_PORT_UNKNOWN);
	assert_int_equal(port_of(c, 32768, 60999, ROLE_SERVER), GROUP_PORT_EPHEMERAL);
	assert_int_equal(port_of(c, 0, 60999, ROLE_SERVER), GROUP_PORT_UNKNOWN);
}

static void assert_zone(const char *words, const struct connection *c, bool expected)
{
	struct group_key key = key_of(words, c);

	assert_int_equal(key.netns, expected ? c->end.netns : 0);
	assert_int_equal(key.ifindex, expected ? c->end.ifindex : 0);
}

static void test_zone(void **state)
{
	struct connection local = connection("2001:db8::1", "febf:1::2"), global = connection("2001:db8::1", "fec0::1");
	struct connection v4 = connection("192.0.2.1", "254.128.0.0");

	(void)state;
	assert_zone("raddr", &local, true);
	assert_zone("comm,raddr", &local, true);
	assert_zone("laddr", &local, false);
	assert_zone("raddr", &global, false);
	assert_zone("raddr", &v4, false);
	assert_zone("comm", &local, false);
	assert_zone("prefix:8/64", &local, true);
	assert_zone("prefix:8/10", &local, true);
	/* Such a prefix has other addresses, too. */
	assert_zone("prefix:8/9", &local, false);
	assert_zone("conn", &v4, true);
}

static void test_conn(void **state)
{
	struct connection c = connection("192.0.2.1", "198.51.100.77");
	struct group_key key = {
		.ip_version = 4, .lport = 40000, .rport = 443, .netns = 11, .ifindex = 3, .cookie = 5, .conn_seq = 2};

	(void)state;
	put(&key, 0, c.end.laddr, 16);
	put(&key, 1, c.end.raddr, 16);
	assert_key("conn", &c, &key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_port),
		cmocka_unit_test(test_zone),
		cmocka_unit_test(test_conn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
