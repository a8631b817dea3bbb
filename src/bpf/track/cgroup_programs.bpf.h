/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A cgroup of --cgroup that is removed and made again, as `systemctl restart` does, is another one for the kernel: it
 * is known by its name and by the cgroup that it is made in. This runs before a process can be in the new one.
 */
#ifndef TCPVITALS_BPF_TRACK_CGROUP_PROGRAMS_H
#define TCPVITALS_BPF_TRACK_CGROUP_PROGRAMS_H

#include "bpf/kernel.bpf.h"

#include "bpf/track/scope.bpf.h"

/* Written by user space, too, once a second. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct scope_cgroup_name);
	__type(value, struct scope_cgroup_made);
} scope_cgroups SEC(".maps");

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(cgroup_made, struct cgroup *cgroup)
{
	struct scope_number number = {.kind = SCOPE_CGROUP};
	struct scope_cgroup_name key = {};
	struct scope_cgroup_made *known;

	/* Ids of v1 and v2 may be the same. */
	if (cgroup->root->hierarchy_id)
		return 0;
	key.parent = scope_cgroup_of(cgroup->self.parent, true)->kn->id;
	bpf_probe_read_kernel_str(key.name, sizeof(key.name), cgroup->kn->name);
	known = bpf_map_lookup_elem(&scope_cgroups, &key);
	if (!known)
		return 0;
	/* Nobody is in the one before. Connections that were its stay in scope: that was judged with their owner. */
	number.value = known->id;
	bpf_map_delete_elem(&scope_numbers, &number);
	number.value = known->id = cgroup->kn->id;
	bpf_map_update_elem(&scope_numbers, &number, &known->sense, BPF_ANY);
	return 0;
}

#endif
