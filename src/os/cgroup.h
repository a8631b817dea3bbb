/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Cgroups of the unified hierarchy (v2): where it is mounted, and the ids and paths of what is in it. */
#ifndef TCPVITALS_OS_CGROUP_H
#define TCPVITALS_OS_CGROUP_H

#include "core/parse.h"

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Where cgroup v2 is mounted (it may be beside v1, on /sys/fs/cgroup/unified) and no other mount hides it,
 * NUL-terminated. 0, -ENOENT when there is no such place, or another negative errno.
 */
int cgroup_mount_point(char *ret, size_t size);

/*
 * Calls `visit` for each cgroup below the mount point, parents first: its path from there ("/system.slice"), the part
 * of it behind the last slash, and its id, which is what the kernel calls it by. The first result that is not 0 ends
 * the walk and is returned; else 0, or the negative errno of a mount point that cannot be read. What is gone meanwhile
 * is left out.
 */
int cgroup_walk(const char *mount_point, int (*visit)(void *context, const char *path, const char *name, uint64_t id),
		void *context);

/*
 * The path of the cgroup with that id, from the mount point that `mount_fd` is, NUL-terminated. Takes some
 * microseconds, whatever the number of cgroups. 0; -ESTALE when there is none any more, or not below the mount point;
 * -EPERM without CAP_DAC_READ_SEARCH; another negative errno where the kernel does not open cgroups by their ids.
 */
int cgroup_path_of(int mount_fd, uint64_t id, char *ret, size_t size);

/*
 * The cgroup that `word` means: a path (from the mount point, or from the root of the file system); else the name of a
 * systemd unit, whose ".service" may be left out; else the id of a container or the beginning of one. 0, or -EINVAL
 * when there is none or more than one, and `error` says which. `path` is then that of its directory.
 */
int cgroup_find(const char *word, size_t length, uint64_t *ret_id, char path[PATH_MAX], struct parse_error *error);

/* The id of the cgroup whose directory `path` is. 0, or -ENOENT when it is none. */
int cgroup_lookup(const char *path, uint64_t *ret_id);

#endif
