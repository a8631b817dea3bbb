/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finds the systemd unit, the container and the Kubernetes pod in the path of a cgroup. */
#ifndef TCPVITALS_CORE_CGROUP_PATH_H
#define TCPVITALS_CORE_CGROUP_PATH_H

#include "core/names.h"

#include <stdbool.h>

/* Bytes of a uid such as "4f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0". */
#define POD_UID_LENGTH 36

/*
 * Returns the systemd unit, the same as `ps -o unit`: the first component that is a unit and not a slice. Below a
 * user's manager ("user@1000.service"), the result is the user's own unit, if there is one. The result lacks the "_"
 * that systemd puts before names that the kernel could take for its own. The name points into `path`; `bytes` is NULL
 * if there is no unit.
 */
struct name cgroup_path_unit(const char *path, size_t length);

/*
 * Returns the full id of the container (core/container.h); of nested containers, the innermost. The name points into
 * `path`; `bytes` is NULL outside of a container.
 */
struct name cgroup_path_container(const char *path, size_t length);

/*
 * Writes the uid of the Kubernetes pod in Kubernetes' own form to `ret`. Returns the length in bytes, 0 if there is no
 * pod. The path has "podUID" below "kubepods", or "kubepods-burstable-podUID.slice" with underscores in the uid. The
 * uid of a static pod is 32 digits without dashes.
 */
size_t cgroup_path_pod(const char *path, size_t length, char ret[POD_UID_LENGTH]);

#endif
