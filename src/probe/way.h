/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A way to attach: a hook, and the memory for sockets. */
#ifndef TCPVITALS_PROBE_WAY_H
#define TCPVITALS_PROBE_WAY_H

#include "probe/probe.h"

#include <stdbool.h>

struct way {
	enum probe_hook hook;
	enum probe_storage storage;
	bool casts; /* bpf_rdonly_cast() instead of a helper call */
	const char *hook_name;
	const char *storage_name;
};

#endif
