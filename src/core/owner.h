/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TCPVITALS_CORE_OWNER_H
#define TCPVITALS_CORE_OWNER_H

#include "abi/owner.h"
#include "core/append.h"

#include <stdbool.h>

/* "unknown", "connect", "listen", "accept", "use", "listener", "seed", "kernel"; "unknown" for any other number. */
char *owner_source_append(char *at, unsigned int source);

/* Whether it has a number in the pid namespace that the tool shows. */
static inline bool owner_has_pid(const struct owner *owner)
{
	return owner->source != OWNER_UNKNOWN && !(owner->pid & OWNER_PID_OUTSIDE);
}

#endif
