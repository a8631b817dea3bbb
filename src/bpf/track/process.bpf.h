/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What happens to the processes that own sockets: they end, and they get another name (exec, prctl), which the sockets
 * do not show.
 */
#ifndef TCPVITALS_BPF_TRACK_PROCESS_H
#define TCPVITALS_BPF_TRACK_PROCESS_H

#include "bpf/kernel.bpf.h"

#include "bpf/track/conn.bpf.h"
#include "bpf/track/owner.bpf.h"
#include "bpf/track/pid.bpf.h"

#ifdef WITHOUT_BTF

static __always_inline void process_refresh_name(struct conn *conn)
{
}

#else

/* The processes that own listeners, by their number, while they live. The value tells them from others that had it. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u64);
} listening SEC(".maps");

struct process_name {
	__u64 start_ns; /* of the process */
	char comm[OWNER_COMM_LEN];
};

/* The last name that a process has been given, by its number. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 2048);
	__type(key, __u32);
	__type(value, struct process_name);
} renamed SEC(".maps");

/* Counts names given: a socket that has seen as many needs not look. */
__u32 process_renames = 0;

/* Whether the programs below are attached. */
const volatile bool process_ends_show = false;
const volatile bool process_names_show = false;

/* What the process, which lives, is to be known by. */
static __always_inline __u64 process_listens(__u32 pid)
{
	__u64 *known = bpf_map_lookup_elem(&listening, &pid), now_ns;

	if (known)
		return *known;
	now_ns = bpf_ktime_get_ns();
	bpf_map_update_elem(&listening, &pid, &now_ns, BPF_ANY);
	return now_ns;
}

/* Whether process_listens() was asked about it, and it has not ended since. */
static __always_inline bool process_is_known(__u32 pid)
{
	return bpf_map_lookup_elem(&listening, &pid);
}

/* Whether it is the one that process_listens() said that of. */
static __always_inline bool process_lives(__u32 pid, __u64 known_by)
{
	__u64 *known = bpf_map_lookup_elem(&listening, &pid);

	return known && *known == known_by;
}

/* Each thread's end comes here. A process has ended when its last thread has. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct *task)
{
	__u32 pid;

	/* With a helper: for a pointer read through a trusted one the verifier searches all types of the kernel. */
	if (BPF_CORE_READ(task, signal, live.counter))
		return 0;
	pid = pid_of(task);
	if (bpf_map_lookup_elem(&listening, &pid))
		bpf_map_delete_elem(&listening, &pid);
	if (process_names_show && bpf_map_lookup_elem(&renamed, &pid))
		bpf_map_delete_elem(&renamed, &pid);
	return 0;
}

/* A process's name is its leader's. The task has the old one still. */
SEC("tp_btf/task_rename")
int BPF_PROG(process_rename, struct task_struct *task, const char *comm)
{
	struct process_name name = {};
	__u32 pid;

	if (task->pid != task->tgid)
		return 0;
	name.start_ns = task->start_time;
	pid = pid_of(task);
	bpf_probe_read_kernel_str(name.comm, sizeof(name.comm), comm);
	if (!bpf_map_update_elem(&renamed, &pid, &name, BPF_ANY))
		__sync_fetch_and_add(&process_renames, 1);
	return 0;
}

/*
 * `owner`, which nobody else writes at this moment, gets the name that its process has now. A process that began after
 * `owned_ns` is another one with the same number.
 */
static __always_inline void process_apply_name(struct owner *owner, __u64 owned_ns)
{
	__u32 pid = owner->pid;
	struct process_name *name = bpf_map_lookup_elem(&renamed, &pid);
	__u8 source = owner->source;

	if (!name || source == OWNER_UNKNOWN || name->start_ns > owned_ns)
		return;
	OWNER_PUT(owner->source, OWNER_UNKNOWN);
	OWNER_PUT(((__u64 *)owner->comm)[0], ((__u64 *)name->comm)[0]);
	OWNER_PUT(((__u64 *)owner->comm)[1], ((__u64 *)name->comm)[1]);
	owner_judge(owner);
	OWNER_PUT(owner->source, source);
}

/* With the socket locked: its owner may have another name since the last time. */
static __always_inline void process_refresh_name(struct conn *conn)
{
	__u32 renames = process_renames;

	if (!process_names_show || conn->name_turn == renames)
		return;
	conn->name_turn = renames;
	process_apply_name(&conn->owner, conn->owned_ns);
	conn->owner_turn++;
}

#endif

#endif
