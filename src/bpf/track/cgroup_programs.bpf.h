/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Follows a cgroup of --cgroup that is removed and made again, as by `systemctl restart`. For the kernel, the new
 * cgroup is another one: the program finds it by its name and its parent. The program runs before a process can be in
 * the new cgroup.
 */
#ifndef TCPVITALS_BPF_TRACK_CGROUP_PROGRAMS_H
#define TCPVITALS_BPF_TRACK_CGROUP_PROGRAMS_H

#include "bpf/kernel.bpf.h"

#include "bpf/track/scope.bpf.h"

/* User space writes this map, too, once a second. */
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

	/* v1 is not considered: ids of v1 and v2 may be the same. */
	if (cgroup->root->hierarchy_id)
		return 0;
	key.parent = scope_cgroup_of(cgroup->self.parent, true)->kn->id;
	bpf_probe_read_kernel_str(key.name, sizeof(key.name), cgroup->kn->name);
	known = bpf_map_lookup_elem(&scope_cgroups, &key);
	if (!known)
		return 0;
	/* No process is in the earlier cgroup. Its connections stay in scope: they were judged with their owner. */
	number.value = known->id;
	bpf_map_delete_elem(&scope_numbers, &number);
	number.value = known->id = cgroup->kn->id;
	bpf_map_update_elem(&scope_numbers, &number, &known->sense, BPF_ANY);
	return 0;
}

#endif
