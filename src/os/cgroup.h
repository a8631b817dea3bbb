/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Cgroups of the unified hierarchy (cgroup v2): the mount point, and the ids and paths of the cgroups. */
#ifndef TCPVITALS_OS_CGROUP_H
#define TCPVITALS_OS_CGROUP_H

#include "core/parse.h"

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Finds the cgroup v2 mount point that no other mount hides. The mount may be beside v1, on /sys/fs/cgroup/unified.
 * `ret` is NUL-terminated. Returns 0, -ENOENT (no such mount point) or another negative errno.
 */
int cgroup_mount_point(char *ret, size_t size);

/*
 * Calls `visit` for each cgroup below the mount point, parents first. `path` is the path from the mount point
 * ("/system.slice"), `name` its last component, and `id` the kernel's id of the cgroup.
 *
 * A result of `visit` other than 0 ends the walk and is returned. Otherwise returns 0, or a negative errno if the mount
 * point cannot be read. Cgroups that disappear during the walk are left out.
 */
int cgroup_walk(const char *mount_point, int (*visit)(void *context, const char *path, const char *name, uint64_t id),
		void *context);

/*
 * Finds the path of the cgroup `id`, from the mount point that `mount_fd` refers to. `ret` is NUL-terminated. The call
 * takes some microseconds, for any number of cgroups.
 *
 * Returns 0, or -ESTALE (the cgroup is gone, or not below the mount point), or -EPERM (needs CAP_DAC_READ_SEARCH). Any
 * other negative errno: this kernel does not open cgroups by id.
 */
int cgroup_path_of(int mount_fd, uint64_t id, char *ret, size_t size);

/*
 * Finds the cgroup for `word`: a path from the mount point or from "/", else a systemd unit, else a container. The
 * ".service" of a unit may be left out, and so may the end of a container id.
 *
 * Returns 0 with the directory in `path`. Returns -EINVAL with the reason in `error` if no cgroup or more than one
 * matches.
 */
int cgroup_find(const char *word, size_t length, uint64_t *ret_id, char path[PATH_MAX], struct parse_error *error);

/* Reads the id of the cgroup with the directory `path`. Returns 0, or -ENOENT if `path` is no cgroup. */
int cgroup_lookup(const char *path, uint64_t *ret_id);

#endif
