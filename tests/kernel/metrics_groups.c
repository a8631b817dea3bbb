/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The exporter's groups over time: which are shown, when one ends, and that no sum ever falls. The times are the test's
 * own; the groups, their connections and their counters are the kernel's.
 */
#include <string.h>
#include <unistd.h>

#include "core/labels.h"
#include "lib/metrics_probe.h"
#include "lib/require.h"
#include "lib/run_base.h"
#include "lib/test.h"
#include "lib/traffic.h"
#include "os/resolver.h"
#include "tcpvitals-exporter/groups.h"

#define SECOND_NS 1000000000ULL

/* Two ports, of which one set has a place. */
struct scene {
	struct probe probe;
	struct resolver resolver;
	struct labels labels;
	struct groups groups;
	uint16_t ports[2];
	uint64_t now_ns;
	struct group_metrics last; /* of the last reading: all series together */
};

static void add(struct group_metrics *to, const struct group_metrics *more)
{
	for (size_t i = 0; i < GROUP_METRICS_WORDS; i++)
		((uint64_t *)to)[i] += ((const uint64_t *)more)[i];
}

static size_t shown(const struct groups *groups)
{
	size_t count = 0;

	for (size_t i = 0; i < groups->count; i++)
		count += groups->sets[i].is_used && series_is_shown(&groups->series, i);
	return count;
}

/* The sum of all series that are shown. */
static struct group_metrics sum_series(struct scene *scene)
{
	struct group_metrics all = {}, one;

	for (size_t i = 0; i < scene->groups.count; i++) {
		if (!scene->groups.sets[i].is_used || !series_is_shown(&scene->groups.series, i))
			continue;
		groups_sum(&scene->groups, i, &one);
		add(&all, &one);
	}
	groups_sum_other(&scene->groups, &one);
	add(&all, &one);
	return all;
}

/* A walk and a scrape, so many seconds after the last one. No counter of the sum of all series may fall. */
static void read_after(struct scene *scene, uint64_t seconds)
{
	struct group_metrics all, total, before;
	struct walk_result walk;

	metrics_probe_walk(&scene->probe, &walk);
	scene->now_ns += seconds * SECOND_NS;
	/* Something may be counted between the reading and the total: a delayed ACK brings a sample. */
	do {
		require(!groups_total(&scene->groups, &before), "no total");
		require(!groups_read(&scene->groups, scene->now_ns, walk.number), "no reading");
		all = sum_series(scene);
		require(!groups_total(&scene->groups, &total), "no total");
	} while (memcmp(&before, &total, sizeof(total)));
	assert_memory_equal(&all, &total, sizeof(all));
	for (size_t i = 0; i < GROUP_METRICS_WORDS; i++)
		require(((uint64_t *)&all)[i] >= ((uint64_t *)&scene->last)[i], "counter %zu has fallen", i);
	scene->last = all;
}

/* Opens and ends connections on one of the ports. No socket is left. */
static void connect_times(const struct scene *scene, int port, int times)
{
	int listener = listen_at(IPV4, scene->ports[port]);

	for (int i = 0; i < times; i++) {
		int client = connect_to(IPV4, scene->ports[port]), server = accept_from(listener);

		close(client);
		receive_end(server);
		close(server);
	}
	close(listener);
	settle(&scene->ports[port], 1);
}

static void open_scene(struct scope *scope, struct scene *scene)
{
	struct resolver_error errors[RESOLVER_ERRORS];
	struct parse_error unused;
	int reserved[2];

	*scene = (struct scene){.probe = PROBE_CLOSED, .now_ns = 1000 * SECOND_NS};
	for (int i = 0; i < 2; i++)
		reserved[i] = reserve_port(IPV4, &scene->ports[i]);
	metrics_probe_open(scope, scene->ports, 2, "port", &scene->probe);
	for (int i = 0; i < 2; i++)
		close(reserved[i]);
	require(!labels_parse("port", &scene->labels, &unused), "no label");
	resolver_open(0, 0, &scene->resolver, errors);
	require(!groups_open(&scene->labels, &scene->probe, &scene->resolver, 1, &scene->groups), "no groups");
}

static void close_scene(struct scene *scene)
{
	groups_close(&scene->groups);
	resolver_close(&scene->resolver);
	probe_close(&scene->probe);
}

static uint32_t used_sets(const struct groups *groups)
{
	uint32_t used = 0;

	for (size_t i = 0; i < groups->count; i++)
		used += groups->sets[i].is_used;
	return used;
}

/* A group without sockets ends five minutes after the last change; its counts stay in the sum, and its place is free.
 */
static void test_end(void **state)
{
	static struct scope scope;
	static struct scene scene;

	(void)state;
	open_scene(&scope, &scene);
	connect_times(&scene, 0, 3);
	read_after(&scene, 1);
	connect_times(&scene, 1, 1);
	read_after(&scene, 1);
	assert_int_equal(shown(&scene.groups), 1);
	assert_int_equal(groups_in_other(&scene.groups), 1);
	assert_int_equal(scene.last.opened[ROLE_SERVER], 4);
	read_after(&scene, 299);
	assert_int_equal(used_sets(&scene.groups), 2);
	for (int i = 0; i < 8 && used_sets(&scene.groups); i++)
		read_after(&scene, 60);
	assert_int_equal(used_sets(&scene.groups), 0);
	assert_int_equal(shown(&scene.groups), 0);
	assert_int_equal(scene.last.opened[ROLE_SERVER], 4);
	connect_times(&scene, 1, 2);
	read_after(&scene, 1);
	assert_int_equal(shown(&scene.groups), 1);
	assert_int_equal(groups_in_other(&scene.groups), 0);
	assert_int_equal(scene.last.opened[ROLE_SERVER], 6);
	close_scene(&scene);
}

/* A listener without connections outlives its groups, which end one after the other. The set and its sums stay. */
static void test_listener(void **state)
{
	static struct scope scope;
	static struct scene scene;
	int listener;

	(void)state;
	open_scene(&scope, &scene);
	listener = listen_at(IPV4, scene.ports[0]);
	close(connect_to(IPV4, scene.ports[0]));
	close(accept_from(listener));
	for (int i = 0; i < 20; i++)
		read_after(&scene, 60);
	assert_int_equal(shown(&scene.groups), 1);
	assert_int_equal(scene.last.opened[ROLE_SERVER], 1);
	close(listener);
	close_scene(&scene);
}

/* An open connection keeps its group, and counts in it after any time. */
static void test_idle_connection(void **state)
{
	static struct scope scope;
	static struct scene scene;
	int listener, client, server;

	(void)state;
	open_scene(&scope, &scene);
	listener = listen_at(IPV4, scene.ports[0]);
	client = connect_to(IPV4, scene.ports[0]);
	server = accept_from(listener);
	exchange_bytes(client, server, 10);
	for (int i = 0; i < 20; i++)
		read_after(&scene, 60);
	assert_int_equal(scene.last.sent_bytes, 10);
	exchange_bytes(client, server, 10);
	close(client);
	receive_end(server);
	close(server);
	close(listener);
	settle(&scene.ports[0], 1);
	read_after(&scene, 1);
	assert_int_equal(shown(&scene.groups), 1);
	assert_int_equal(scene.last.opened[ROLE_SERVER], 1);
	assert_int_equal(scene.last.closed[ROLE_SERVER][CAUSE_FIN_REMOTE], 1);
	assert_int_equal(scene.last.sent_bytes, 20);
	assert_int_equal(scene.last.received_bytes, 20);
	close_scene(&scene);
}

/* More groups, one after the other, than there are numbers: those of groups that have ended are used again. */
static void test_numbers_are_used_again(void **state)
{
	static struct scope scope;
	static struct scene scene;
	uint64_t opened = 0;

	(void)state;
	open_scene(&scope, &scene);
	for (int turn = 0; turn < 3 * METRICS_PROBE_GROUPS; turn++) {
		connect_times(&scene, turn % 2, 1);
		opened++;
		for (int i = 0; i < 8 && (!i || used_sets(&scene.groups)); i++)
			read_after(&scene, 101);
		assert_int_equal(scene.last.opened[ROLE_SERVER], opened);
		assert_int_equal(used_sets(&scene.groups), 0);
	}
	close_scene(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_listener),
		cmocka_unit_test(test_idle_connection),
		cmocka_unit_test(test_numbers_are_used_again),
	};

	return cmocka_run_group_tests_name("metrics_groups", tests, run_base_group_setup, run_base_group_teardown);
}
