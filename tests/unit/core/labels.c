/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The words of groups and labels, and the values of a group. */
#include "core/labels.h"

#include "abi/connection.h"
#include "core/escape.h"
#include "text.h"

static struct labels parse(const char *text)
{
	struct labels labels;
	struct parse_error error;

	assert_int_equal(labels_parse(text, &labels, &error), 0);
	return labels;
}

static void test_words(void **state)
{
	struct labels labels = parse("unit,port");

	(void)state;
	assert_int_equal(labels.count, 2);
	assert_string_equal(label_name(labels.kinds[0]), "unit");
	assert_int_equal(labels.grouping.by[0], GROUP_BY_CGROUP);
	assert_int_equal(labels.grouping.by[1], GROUP_BY_PORT);
	labels = parse("pod,container");
	assert_int_equal(labels.count, 2);
	assert_int_equal(labels.grouping.by[0], GROUP_BY_CGROUP);
	assert_int_equal(labels.grouping.by[1], GROUP_BY_NOTHING);
	labels = parse("prefix:20/56");
	assert_int_equal(labels.grouping.prefix_v4, 20);
	assert_int_equal(labels.grouping.prefix_v6, 56);
	labels = parse("none");
	assert_int_equal(labels.count, 0);
	assert_int_equal(labels.grouping.by[0], GROUP_BY_NOTHING);
}

static void test_wrong_words(void **state)
{
	static const char *const wrong[] = {
		"",     "pid",       "port,",     "port,port",          "port,role,comm", "none,port",
		"conn", "prefix",    "prefix:",   "prefix:99",          "prefix:24/",     "PORT",
		",",    "port,none", "unit,unit", "prefix:24,prefix:16"};
	struct parse_error error;
	struct labels labels;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_true(labels_parse(wrong[i], &labels, &error) < 0);
	labels_parse("pid", &labels, &error);
	assert_string_equal(error.text, "label \"pid\": not one of port, role, comm, unit, container, pod, cgroup, "
					"netns, prefix:LEN[/LEN6], none");
	labels_parse("port,role,comm", &labels, &error);
	assert_string_equal(error.text, "label \"comm\": give one or two different labels");
}

static void assert_value(const struct labels *labels, size_t i, const struct group_key *key, const struct names *names,
			 const char *expected)
{
	struct strbuf sb = text_new(LABEL_VALUE_MAX * ESCAPED_MAX);

	label_write(&sb, labels, i, key, names);
	text_check(&sb, expected);
	free(sb.data);
}

static void put_u32(struct group_key *key, int part, uint32_t value)
{
	memcpy(key->part[part], &value, sizeof(value));
}

static void test_ports_and_roles(void **state)
{
	struct labels labels = parse("port,role");
	struct group_key key = {};

	(void)state;
	put_u32(&key, 0, 443);
	put_u32(&key, 1, ROLE_SERVER);
	assert_value(&labels, 0, &key, NULL, "443");
	assert_value(&labels, 1, &key, NULL, "server");
	put_u32(&key, 0, GROUP_PORT_EPHEMERAL);
	put_u32(&key, 1, ROLE_UNKNOWN);
	assert_value(&labels, 0, &key, NULL, "ephemeral");
	assert_value(&labels, 1, &key, NULL, "unknown");
	put_u32(&key, 0, GROUP_PORT_UNKNOWN);
	assert_value(&labels, 0, &key, NULL, "unknown");
}

#define NAME(text) ((struct name){text, sizeof(text) - 1})

static void test_cgroups(void **state)
{
	struct names names = {.cgroup = NAME("/system.slice/nginx.service"), .unit = NAME("nginx.service")};
	struct labels labels = parse("unit,pod"), by_path = parse("pod,cgroup");
	struct group_key key = {.owner_known = 1, .part = {{7}}};

	(void)state;
	assert_value(&labels, 0, &key, &names, "nginx.service");
	assert_value(&labels, 1, &key, &names, "none");
	assert_value(&labels, 0, &key, NULL, "unknown");
	assert_value(&by_path, 1, &key, &names, "/system.slice/nginx.service");
	assert_value(&by_path, 1, &key, NULL, "7");
	key.owner_known = 0;
	assert_value(&by_path, 1, &key, NULL, "unknown");
}

static void test_hostile_names(void **state)
{
	struct group_key key = {.owner_known = 1};
	struct labels labels = parse("comm");

	(void)state;
	memcpy(key.part[0], "a\n\"\\\x1b", 5);
	assert_value(&labels, 0, &key, NULL, "a\\x0A\"\\\\\\x1B");
}

/* The end of a long value stays, and it says that the rest is missing. */
static void test_long_name(void **state)
{
	char path[LABEL_VALUE_MAX + 1], expected[LABEL_VALUE_MAX + 1];
	struct names names = {.cgroup = {path, sizeof(path)}};
	struct labels labels = parse("cgroup");
	struct group_key key = {.owner_known = 1, .part = {{7}}};

	(void)state;
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = 'y';
	memcpy(expected, "...", 3);
	memcpy(expected + 3, path + 4, LABEL_VALUE_MAX - 3);
	expected[LABEL_VALUE_MAX] = '\0';
	assert_value(&labels, 0, &key, &names, expected);
	names.cgroup.length--;
	memset(expected, 'x', LABEL_VALUE_MAX);
	assert_value(&labels, 0, &key, &names, expected);
}

static struct labels parse_groups(const char *text)
{
	struct labels labels;
	struct parse_error error;

	assert_int_equal(labels_parse_groups(text, &labels, &error), 0);
	return labels;
}

/* --by and --sum of tcpstates: addresses and pids, too. */
static void test_words_of_groups(void **state)
{
	static const char *const words[] = {"laddr", "raddr",  "lport", "rport",     "port", "role",  "pid",
					    "comm",  "cgroup", "unit",  "container", "pod",  "netns", "prefix:24"};
	static const char *const wrong[] = {"", "none", "conn", "x", "pid,", "pid,pid", "pid,comm,unit", "prefix:0"};
	struct parse_error error;
	struct labels labels;

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		struct strbuf sb = text_new(64);

		labels = parse_groups(words[i]);
		labels_format(&sb, &labels);
		text_check(&sb, strncmp(words[i], "prefix", 6) ? words[i] : "prefix");
	}
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_true(labels_parse_groups(wrong[i], &labels, &error) < 0);
	labels_parse_groups("conn", &labels, &error);
	assert_string_equal(error.text,
			    "grouping \"conn\": not one of laddr, raddr, lport, rport, port, role, pid, comm, "
			    "cgroup, unit, container, pod, netns, prefix:LEN[/LEN6]");
	labels_parse_groups("pid,pid", &labels, &error);
	assert_string_equal(error.text, "grouping \"pid\": give one or two different words");
}

static void test_named_part(void **state)
{
	static const struct {
		const char *words;
		int part;
	} cases[] = {{"comm", -1},        {"unit", 0},  {"comm,unit", 1}, {"unit,container", 0},
		     {"cgroup,unit", -1}, {"port", -1}, {"pod,raddr", 0}, {"comm,cgroup", -1}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct labels labels = parse_groups(cases[i].words);

		assert_int_equal(labels_named_part(&labels), cases[i].part);
	}
}

static void assert_joined(const char *words, const struct group_key *key, const struct names *names, size_t count,
			  const struct label_part *expected)
{
	struct labels labels = parse_groups(words);
	struct strbuf sb = text_new(LABELS_RAW_MAX);
	struct label_part parts[LABELS_MAX];

	labels_join(&sb, &labels, key, names);
	assert_false(sb.overflow);
	assert_int_equal(labels_split(sb.data, sb.length, parts), count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(parts[i].known, expected[i].known);
		assert_int_equal(parts[i].value.length, expected[i].value.length);
		if (expected[i].value.length)
			assert_memory_equal(parts[i].value.bytes, expected[i].value.bytes, expected[i].value.length);
	}
	free(sb.data);
}

/* An empty name, an unknown one and none at all are three different values. */
static void test_joined_values(void **state)
{
	struct names names = {.cgroup = NAME("/a/x.service"), .unit = NAME("x.service")};
	struct group_key key = {.owner_known = 1}, unknown = {};

	(void)state;
	assert_joined("comm,pid", &key, NULL, 2,
		      (struct label_part[]){{LABEL_KNOWN, NAME("")}, {LABEL_KNOWN, NAME("0")}});
	assert_joined("comm,role", &unknown, NULL, 2,
		      (struct label_part[]){{.known = LABEL_UNKNOWN}, {.known = LABEL_UNKNOWN}});
	assert_joined("unit,pod", &key, &names, 2,
		      (struct label_part[]){{LABEL_KNOWN, NAME("x.service")}, {.known = LABEL_NONE}});
	put_u32(&unknown, 0, GROUP_PORT_UNKNOWN);
	assert_joined("port", &unknown, NULL, 1, (struct label_part[]){{.known = LABEL_UNKNOWN}});
	memcpy(key.part[0], "a,b\n", 4);
	assert_joined("comm,unit", &key, NULL, 2,
		      (struct label_part[]){{LABEL_KNOWN, NAME("a,b\n")}, {.known = LABEL_UNKNOWN}});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),           cmocka_unit_test(test_wrong_words),
		cmocka_unit_test(test_ports_and_roles), cmocka_unit_test(test_cgroups),
		cmocka_unit_test(test_hostile_names),   cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_words_of_groups), cmocka_unit_test(test_named_part),
		cmocka_unit_test(test_joined_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
