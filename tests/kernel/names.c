/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The names of real cgroups by id: found, remembered after the cgroup's end, and found by a walk where nothing else
 * works.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cgroup.h"
#include "lib/require.h"
#include "lib/run_base.h"
#include "lib/test.h"
#include "os/cgroup.h"
#include "os/cgroup_names.h"

#define ID "4f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"

static struct cgroup outer, inner, other;
static struct cgroup_names known;

static int leave(void **state)
{
	(void)state;
	cgroup_names_close(&known);
	cgroup_remove(&inner);
	cgroup_remove(&outer);
	cgroup_remove(&other);
	return 0;
}

/* The path that the tool is to show: below the mount point. */
static const char *below_mount(const struct cgroup *cgroup)
{
	static char mount_point[4096];

	require(cgroup_mount_point(mount_point, sizeof(mount_point)) == 0, "no cgroup v2");
	return cgroup->path + strlen(mount_point);
}

static struct names find(uint64_t id)
{
	struct names names = {};

	cgroup_names_find(&known, id, &names);
	return names;
}

static void expect(struct name name, const char *expected, const char *what)
{
	if (!expected) {
		require(!name.bytes, "%s is \"%.*s\"", what, (int)name.length, name.bytes ? name.bytes : "");
		return;
	}
	require(name.bytes, "no %s", what);
	require(name.length == strlen(expected) && !memcmp(name.bytes, expected, name.length),
		"%s is \"%.*s\", not \"%s\"", what, (int)name.length, name.bytes, expected);
}

static void expect_root(void)
{
	char mount_point[4096];
	struct stat st;

	require(cgroup_mount_point(mount_point, sizeof(mount_point)) == 0 && stat(mount_point, &st) == 0, "no root");
	expect(find(st.st_ino).cgroup, "/", "path");
}

static void make(const char *name)
{
	cgroup_make(&outer, NULL, "names");
	cgroup_make(&inner, &outer, name);
	require(cgroup_names_open(&known) == 0, "cannot open");
}

static void expect_inner(const char *unit, const char *container)
{
	struct names names = find(inner.id);

	expect(names.cgroup, below_mount(&inner), "path");
	expect(names.unit, unit, "unit");
	expect(names.container, container, "container");
	expect(names.pod, NULL, "pod");
}

static void test_found(void **state)
{
	(void)state;
	make("docker-" ID ".scope");
	require(!known.walks, "walks before it was tried");
	for (int i = 0; i < 3; i++)
		expect_inner("docker-" ID ".scope", ID);
	expect(find(outer.id).cgroup, below_mount(&outer), "path");
	expect(find(outer.id).unit, NULL, "unit");
	expect_root();
}

/* A name that was found stays; one that is asked for too late is unknown, now and later. */
static void test_vanished(void **state)
{
	uint64_t early, late;

	(void)state;
	make("early.service");
	cgroup_make(&other, NULL, "late.service");
	early = inner.id;
	late = other.id;
	expect_inner("early.service", NULL);
	cgroup_remove(&inner);
	cgroup_remove(&other);
	expect(find(early).unit, "early.service", "unit");
	for (int i = 0; i < 2; i++) {
		expect(find(late).cgroup, NULL, "path");
		expect(find(late).unit, NULL, "unit");
	}
	expect(find(~0ULL).cgroup, NULL, "path");
}

static void test_hostile(void **state)
{
	(void)state;
	make("\x1b[31m\",\\\xff (deleted).service");
	expect_inner("\x1b[31m\",\\\xff (deleted).service", NULL);
}

/* As without CAP_DAC_READ_SEARCH. */
static void test_walked(void **state)
{
	(void)state;
	make("web.service");
	known.walks = true;
	expect_inner("web.service", NULL);
	expect_root();
	/* not again so soon */
	require(known.next_walk_ns, "nothing was walked");
	cgroup_make(&other, NULL, "new.service");
	expect(find(other.id).cgroup, NULL, "path");
	known.next_walk_ns = 0;
	expect(find(other.id).cgroup, below_mount(&other), "path");
}

/* More cgroups than there is room for: the newest names are right, and the oldest is found again. */
static void test_room(void **state)
{
	struct names names;

	(void)state;
	make("web.service");
	expect_inner("web.service", NULL);
	for (uint64_t id = 1ULL << 40; id < (1ULL << 40) + 20000; id++) {
		names = find(id);
		expect(names.cgroup, NULL, "path");
	}
	expect_inner("web.service", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_found, leave),   cmocka_unit_test_teardown(test_vanished, leave),
		cmocka_unit_test_teardown(test_hostile, leave), cmocka_unit_test_teardown(test_walked, leave),
		cmocka_unit_test_teardown(test_room, leave),
	};

	return cmocka_run_group_tests(tests, run_base_group_setup, run_base_group_teardown);
}
