/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Container ids in names of cgroups, as each container runtime makes them. */
#include "core/container.h"

#include "text.h"

#define ID    "4f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
#define OTHER "4f1e2d3c4b5a0000000000000000000000000000000000000000000000000000"

static void expect(const char *name, const char *id)
{
	const char *found = container_id(name, strlen(name));

	if (!id) {
		assert_null(found);
		return;
	}
	assert_non_null(found);
	assert_memory_equal(found, id, CONTAINER_ID_LENGTH);
}

static void test_shapes(void **state)
{
	(void)state;
	expect("docker-" ID ".scope", ID);
	expect(ID, ID);
	expect("cri-containerd-" ID ".scope", ID);
	expect("kubepods-pod4f1e2d3c_4b5a_6978_8796_a5b4c3d2e1f0.slice:cri-containerd:" ID, ID);
	expect("nerdctl-" ID ".scope", ID);
	expect("libpod-" ID ".scope", ID);
	expect("libpod-" ID, ID);
	expect("crio-" ID ".scope", ID);
	expect("crio-" ID, ID);
}

static void test_no_container(void **state)
{
	(void)state;
	expect("", NULL);
	expect(".scope", NULL);
	expect("nginx.service", NULL);
	expect("session-4.scope", NULL);
	expect("crio-conmon-" ID ".scope", NULL);
	expect("libpod-conmon-" ID ".scope", NULL);
	expect("docker-" ID "0.scope", NULL);
	expect("0" ID, NULL);
	expect("docker" ID ".scope", NULL);
	expect("4F1E2D3C4B5A69788796A5B4C3D2E1F00F1E2D3C4B5A69788796A5B4C3D2E1F0", NULL);
	expect("kubepods-burstable-pod4f1e2d3c_4b5a_6978_8796_a5b4c3d2e1f0.slice", NULL);
	expect(ID ".service", NULL);
}

static void test_prefixes(void **state)
{
	(void)state;
	assert_true(container_id_begins(ID, "4f1e2d3c4b5a", 12) && container_id_begins(OTHER, "4f1e2d3c4b5a", 12));
	assert_true(container_id_begins(ID, "4f1e2d3c4b5a6", 13));
	assert_false(container_id_begins(OTHER, "4f1e2d3c4b5a6", 13));
	assert_true(container_id_begins(ID, ID, 64));
	assert_false(container_id_begins(ID, "", 0) || container_id_begins(ID, ID "0", 65));
	assert_false(container_id_begins(ID, "f1e2", 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_no_container),
		cmocka_unit_test(test_prefixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
