/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finds the id of a container in the name of a cgroup. */
#ifndef TCPVITALS_CORE_CONTAINER_H
#define TCPVITALS_CORE_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>

/* Hexadecimal digits of a full id. */
#define CONTAINER_ID_LENGTH 64

/*
 * Returns the id in the name of a cgroup's directory: CONTAINER_ID_LENGTH characters of `name`, or NULL. These tools
 * make such names: docker ("docker-ID.scope", or ID alone), containerd ("cri-containerd-ID.scope",
 * "PARENT.slice:cri-containerd:ID"), podman ("libpod-ID.scope") and cri-o ("crio-ID.scope"). "crio-conmon-ID.scope" is
 * not a container: its process watches one.
 */
const char *container_id(const char *name, size_t length);

/* True if `text` is the whole id or its beginning, of at least one character. */
bool container_id_begins(const char *id, const char *text, size_t length);

#endif
