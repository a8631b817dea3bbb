/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Text for the owner of a socket (abi/owner.h). */
#ifndef TCPVITALS_CORE_OWNER_H
#define TCPVITALS_CORE_OWNER_H

#include "abi/owner.h"
#include "core/append.h"

#include <stdbool.h>

/*
 * Append a name as core/append.h describes, or return it: "unknown", "connect", "listen", "accept", "use", "listener",
 * "seed", "kernel"; "unknown" for a number outside enum owner_source.
 */
char *owner_source_append(char *at, unsigned int source);
const char *owner_source_name(unsigned int source);

/* True if the owner has a pid in the pid namespace that the tool shows. */
static inline bool owner_has_pid(const struct owner *owner)
{
	return owner->source != OWNER_UNKNOWN && !(owner->pid & OWNER_PID_OUTSIDE);
}

#endif
