/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "probe/walk.h"

#include "probe/probe.h"
#include "probe/skeleton.h"

int walk_namespaces(struct vitals_bpf *vitals, int (*visit)(void *context), void *context,
		    struct netns_omissions *ret_omissions)
{
	int error = netns_visit_all(visit, context, ret_omissions);

	/* The iterators have set it (bpf/track/owner.bpf.h). */
	vitals->bss->walker = 0;
	return error;
}
