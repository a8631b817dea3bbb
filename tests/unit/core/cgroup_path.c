/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* systemd units, containers and pods in cgroup paths of real machines, and in random bytes. */
#include "core/cgroup_path.h"

#include "text.h"

#define ID     "4f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
#define INNER  "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define UID    "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
#define UID_   "0a1b2c3d_4e5f_6071_8293_a4b5c6d7e8f9"
#define STATIC "0a1b2c3d4e5f60718293a4b5c6d7e8f9"

/* Paths as they are found on machines; NULL where there is no such name. */
static const struct {
	const char *path, *unit, *container, *pod;
} shapes[] = {
	{"/", NULL, NULL, NULL},
	{"", NULL, NULL, NULL},
	{"/init.scope", "init.scope", NULL, NULL},
	{"/system.slice/nginx.service", "nginx.service", NULL, NULL},
	{"/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service", NULL, NULL},
	{"/system.slice/_cpu.service", "cpu.service", NULL, NULL},
	{"/system.slice/dbus.socket", "dbus.socket", NULL, NULL},
	{"/system.slice/mariadb.service/worker.scope", "mariadb.service", NULL, NULL},
	{"/system.slice", NULL, NULL, NULL},
	{"/system.slice/.service", NULL, NULL, NULL},
	{"/user.slice/user-1000.slice/session-4.scope", "session-4.scope", NULL, NULL},
	{"/user.slice/user-1000.slice/user@1000.service", "user@1000.service", NULL, NULL},
	{"/user.slice/user-1000.slice/user@1000.service/app.slice/app-firefox-77.scope", "app-firefox-77.scope", NULL,
	 NULL},
	{"/user.slice/user-1000.slice/user@1000.service/init.scope", "init.scope", NULL, NULL},
	/* docker, with the systemd and the cgroupfs driver */
	{"/system.slice/docker-" ID ".scope", "docker-" ID ".scope", ID, NULL},
	{"/docker/" ID, NULL, ID, NULL},
	{"/docker/" ID "/init", NULL, ID, NULL},
	{"/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" ID ".scope", "docker-" ID ".scope", ID,
	 NULL},
	/* docker in docker, kind */
	{"/docker/" ID "/docker/" INNER, NULL, INNER, NULL},
	{"/system.slice/docker-" ID ".scope/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/"
	 "kubelet-kubepods-burstable-pod" UID_ ".slice/cri-containerd-" INNER ".scope",
	 "docker-" ID ".scope", INNER, UID},
	/* containerd below Kubernetes: systemd, cgroupfs, and a shim without the runtime's systemd driver */
	{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_ ".slice/cri-containerd-" ID ".scope",
	 "cri-containerd-" ID ".scope", ID, UID},
	{"/kubepods.slice/kubepods-pod" UID_ ".slice/cri-containerd-" ID ".scope", "cri-containerd-" ID ".scope", ID,
	 UID},
	{"/kubepods/besteffort/pod" UID "/" ID, NULL, ID, UID},
	{"/kubepods/pod" UID "/" ID, NULL, ID, UID},
	{"/system.slice/containerd.service/kubepods-besteffort-pod" UID_ ".slice:cri-containerd:" ID,
	 "containerd.service", ID, UID},
	{"/kubepods.slice/kubepods-pod" UID_ ".slice", NULL, NULL, UID},
	/* a static pod */
	{"/kubepods/burstable/pod" STATIC "/" ID, NULL, ID, STATIC},
	{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" STATIC ".slice/crio-" ID ".scope",
	 "crio-" ID ".scope", ID, STATIC},
	/* cri-o, and the process beside its container */
	{"/kubepods.slice/kubepods-pod" UID_ ".slice/crio-" ID ".scope/container", "crio-" ID ".scope", ID, UID},
	{"/kubepods.slice/kubepods-pod" UID_ ".slice/crio-conmon-" ID ".scope", "crio-conmon-" ID ".scope", NULL, UID},
	/* podman, with root and without, and started by a unit */
	{"/machine.slice/libpod-" ID ".scope/container", "libpod-" ID ".scope", ID, NULL},
	{"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope/container",
	 "libpod-" ID ".scope", ID, NULL},
	{"/system.slice/web.service/libpod-payload-" ID, "web.service", ID, NULL},
	{"/libpod_parent/libpod-" ID, NULL, ID, NULL},
	/* nothing of that kind */
	{"/pod" UID "/" ID, NULL, ID, NULL},
	{"/kubepods/pod" UID "0", NULL, NULL, NULL},
	{"/kubepods/pod0a1b2c3d-4e5f_6071-8293a4b5c6d7e8f90", NULL, NULL, NULL},
	{"/kubepods/podman", NULL, NULL, NULL},
	{"/kubepods/pod", NULL, NULL, NULL},
	{"/nginx.services", NULL, NULL, NULL},
};

static void expect(struct name found, const char *expected, const char *what, const char *path)
{
	if (!expected && found.bytes)
		fail_msg("%s of %s is \"%.*s\"", what, path, (int)found.length, found.bytes);
	if (expected && (found.length != strlen(expected) || memcmp(found.bytes, expected, found.length)))
		fail_msg("%s of %s is \"%.*s\", not \"%s\"", what, path, (int)found.length,
			 found.bytes ? found.bytes : "", expected);
}

static void test_shapes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		const char *path = shapes[i].path;
		size_t length = strlen(path), pod_length;
		char *copy = malloc(length ? length : 1), pod[POD_UID_LENGTH];

		/* without the NUL: nothing behind the end is read (sanitizers) */
		assert_non_null(copy);
		memcpy(copy, path, length);
		expect(cgroup_path_unit(copy, length), shapes[i].unit, "unit", path);
		expect(cgroup_path_container(copy, length), shapes[i].container, "container", path);
		pod_length = cgroup_path_pod(copy, length, pod);
		expect((struct name){pod_length ? pod : NULL, pod_length}, shapes[i].pod, "pod", path);
		free(copy);
	}
}

/* Whatever the bytes: what is found is a part of the path, and a uid is nothing but digits and dashes. */
static void test_random(void **state)
{
	static const char *const parts[] = {"/", "kubepods", "-pod", "pod",  UID_, UID,  ID,         ".slice", ".scope",
					    "_", "user@",    "",     "\xff", ":",  "\n", ".service", "x",      "-"};
	unsigned int seed = 4711;

	(void)state;
	for (int round = 0; round < 100000; round++) {
		char path[1024], pod[POD_UID_LENGTH];
		size_t length = 0, pod_length;
		struct name names[2];

		for (int i = rand_r(&seed) % 12; i > 0; i--) {
			const char *part = parts[(size_t)rand_r(&seed) % (sizeof(parts) / sizeof(parts[0]))];

			memcpy(path + length, part, strlen(part));
			length += strlen(part);
		}
		names[0] = cgroup_path_unit(path, length);
		names[1] = cgroup_path_container(path, length);
		for (size_t i = 0; i < 2; i++) {
			if (!names[i].bytes)
				continue;
			assert_true(names[i].length && names[i].bytes >= path &&
				    names[i].bytes + names[i].length <= path + length);
			assert_null(memchr(names[i].bytes, '/', names[i].length));
		}
		pod_length = cgroup_path_pod(path, length, pod);
		assert_true(pod_length == 0 || pod_length == 32 || pod_length == POD_UID_LENGTH);
		for (size_t i = 0; i < pod_length; i++)
			assert_true(strchr("0123456789abcdef-", pod[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
