/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which container a cgroup is. */
#ifndef TCPVITALS_CORE_CONTAINER_H
#define TCPVITALS_CORE_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>

/* Hexadecimal digits of a full id. */
#define CONTAINER_ID_LENGTH 64

/*
 * The id in the name of a cgroup's directory, as docker ("docker-ID.scope", or ID alone), containerd
 * ("cri-containerd-ID.scope", "PARENT.slice:cri-containerd:ID"), podman ("libpod-ID.scope") and cri-o ("crio-ID.scope")
 * make them; CONTAINER_ID_LENGTH characters of `name`, or NULL. Not a container: the process that watches one
 * ("crio-conmon-ID.scope").
 */
const char *container_id(const char *name, size_t length);

/* Whether `text` is the beginning of the id, or all of it. */
bool container_id_begins(const char *id, const char *text, size_t length);

#endif
