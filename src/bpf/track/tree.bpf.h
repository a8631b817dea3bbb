/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The processes of a command that the tool has started: all descendants of the tool, also after another process adopts
 * them. A process is entered before it runs for the first time, so the tool misses nothing that it does.
 */
#ifndef TCPVITALS_BPF_TRACK_TREE_H
#define TCPVITALS_BPF_TRACK_TREE_H

#include "bpf/kernel.bpf.h"

#include "bpf/track/scope.bpf.h"
#include "bpf/track/stop.bpf.h"

#ifndef WITHOUT_BTF

/* Processes that found no room: neither they nor their descendants are followed. */
__u64 tree_full = 0;

/*
 * The start time of each process, by its number (tgid): a later process with that number is another one. Allocated in
 * advance, as conn_hash is.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} tree SEC(".maps");

static __always_inline bool tree_has(__u32 tgid, __u64 start_time)
{
	__u64 *known = bpf_map_lookup_elem(&tree, &tgid);

	return known && *known == start_time;
}

/* Whether the current task is the tool. The tool's number is that of its own pid namespace. */
static __always_inline bool tree_is_root(void)
{
	struct bpf_pidns_info id = {};

	return !bpf_get_ns_current_pid_tgid(scope.tree.pidns_dev, scope.tree.pidns_ino, &id, sizeof(id)) &&
	       id.tgid == scope.tree.tgid;
}

/* Runs in the parent, before the child runs. A new thread has the entry of its process. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(tree_fork, struct task_struct *parent, struct task_struct *child)
{
	__u32 tgid = child->tgid;
	__u64 start_time = child->start_time;

	if (is_stopped() || child->pid != child->tgid)
		return 0;
	if (!tree_has(parent->tgid, parent->group_leader->start_time) && !tree_is_root())
		return 0;
	if (bpf_map_update_elem(&tree, &tgid, &start_time, BPF_ANY))
		__sync_fetch_and_add(&tree_full, 1);
	return 0;
}

/*
 * Not sched_process_exit, which fires before a process closes its sockets. The number may belong to another process by
 * now, so only the entry with this process's start time is removed. (A thread that calls exec() takes over number and
 * start time of the leader, which then goes with another number.)
 */
SEC("tp_btf/sched_process_free")
int BPF_PROG(tree_free, struct task_struct *task)
{
	__u32 tgid = task->tgid;

	if (task->pid == task->tgid && tree_has(tgid, task->start_time))
		bpf_map_delete_elem(&tree, &tgid);
	return 0;
}

#endif

#endif
