/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the path of a cgroup says: who manages it. */
#ifndef TCPVITALS_CORE_CGROUP_PATH_H
#define TCPVITALS_CORE_CGROUP_PATH_H

#include "core/names.h"

#include <stdbool.h>

/* "4f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0" */
#define POD_UID_LENGTH 36

/*
 * The systemd unit, as `ps -o unit` has it: the first component that is one and no slice. Below a user's manager
 * ("user@1000.service") it is the user's unit, if there is one. Without the "_" that systemd puts before names that the
 * kernel could take for its own.
 */
struct name cgroup_path_unit(const char *path, size_t length);

/* The full id of the container, of the innermost where there are several in each other; see core/container.h. */
struct name cgroup_path_container(const char *path, size_t length);

/*
 * The uid of a Kubernetes pod, in the way that Kubernetes writes it: "podUID" below "kubepods", or
 * "kubepods-burstable-podUID.slice" with underscores. Of a static pod it is 32 digits without dashes. Returns its
 * length, 0 when there is none.
 */
size_t cgroup_path_pod(const char *path, size_t length, char ret[POD_UID_LENGTH]);

#endif
