/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Cgroups (v2) of the test's own. */
#ifndef TESTS_KERNEL_CGROUP_H
#define TESTS_KERNEL_CGROUP_H

#include <stdint.h>
#include <sys/types.h>

struct cgroup {
	char path[384]; /* "": not made */
	uint64_t id;
	const char *name; /* what is behind the path's last slash */
};

/*
 * "tcpvitals-test-PID-NAME", or just NAME in a cgroup of the test's. Skips the test where there is no cgroup v2 and
 * none can be mounted (in a mount namespace that only this process sees).
 */
void cgroup_make(struct cgroup *cgroup, const struct cgroup *parent, const char *name);

/* For every teardown, the inner ones first, when their processes have been ended. */
void cgroup_remove(struct cgroup *cgroup);

/* A process moves there; 0 is this one. */
void cgroup_move(const struct cgroup *cgroup, pid_t pid);

/* This process moves there. */
void cgroup_join(const struct cgroup *cgroup);

#endif
