/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One rung of the ladder: what to attach to, and where to remember sockets. */
#ifndef TCPVITALS_PROBE_WAY_H
#define TCPVITALS_PROBE_WAY_H

#include "probe/probe.h"

#include <stdbool.h>

struct way {
	enum probe_hook hook;
	enum probe_storage storage;
	bool casts; /* bpf_rdonly_cast() instead of a helper */
	const char *hook_name;
	const char *storage_name;
};

#endif
