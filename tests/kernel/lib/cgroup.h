/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Cgroups (v2) that a test makes. */
#ifndef TESTS_KERNEL_CGROUP_H
#define TESTS_KERNEL_CGROUP_H

#include <stdint.h>
#include <sys/types.h>

struct cgroup {
	char path[384]; /* "": does not exist */
	uint64_t id;
	const char *name; /* the part of `path` after the last slash */
};

/*
 * Makes the cgroup "tcpvitals-test-PID-NAME" or, with `parent`, NAME in that cgroup. Skips the test if there is no
 * cgroup v2 and none can be mounted in a mount namespace of this process.
 */
void cgroup_make(struct cgroup *cgroup, const struct cgroup *parent, const char *name);

/* For every teardown, after the end of the processes in the cgroup. Remove inner cgroups first. */
void cgroup_remove(struct cgroup *cgroup);

/* Moves a process into the cgroup. pid 0 is this process. */
void cgroup_move(const struct cgroup *cgroup, pid_t pid);

/* Moves this process into the cgroup. */
void cgroup_join(const struct cgroup *cgroup);

#endif
