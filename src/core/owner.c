/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/owner.h"

static const char *const names[OWNER_SOURCES] = {
	[OWNER_UNKNOWN] = "unknown", [OWNER_CONNECT] = "connect", [OWNER_LISTEN] = "listen",
	[OWNER_ACCEPT] = "accept",   [OWNER_USE] = "use",         [OWNER_LISTENER] = "listener",
	[OWNER_SEED] = "seed",       [OWNER_KERNEL] = "kernel",
};

const char *owner_source_name(unsigned int source)
{
	return names[source < OWNER_SOURCES ? source : OWNER_UNKNOWN];
}
