/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Follows the processes that own sockets: they end, and they get another name (exec, prctl). A socket shows neither. */
#ifndef TCPVITALS_BPF_TRACK_PROCESS_H
#define TCPVITALS_BPF_TRACK_PROCESS_H

#include "bpf/kernel.bpf.h"

#include "bpf/track/conn.bpf.h"
#include "bpf/track/losses.bpf.h"
#include "bpf/track/owner.bpf.h"
#include "bpf/track/pid.bpf.h"

#ifdef WITHOUT_BTF

static __always_inline void process_refresh_name(struct conn *conn)
{
}

#else

/*
 * The living processes that own listeners, by number. The value distinguishes a process from others with that number.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u64);
} listener_processes SEC(".maps");

struct process_name {
	__u64 start_ns; /* of the process */
	char comm[OWNER_COMM_LEN];
};

/* The last new name of a process, by number. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 2048);
	__type(key, __u32);
	__type(value, struct process_name);
} process_names SEC(".maps");

/* Counts new names. A struct conn with an equal name_turn has nothing to check. */
__u32 process_renames = 0;

/* Whether the programs below are attached. */
const volatile bool process_ends_show = false;
const volatile bool process_names_show = false;

/*
 * Registers a living process. Returns its identity, for process_lives(). Several threads of the process may call it at
 * the same time: all get the first one's.
 */
static __always_inline __u64 process_register(__u32 pid)
{
	__u64 *known = bpf_map_lookup_elem(&listener_processes, &pid), now_ns;

	if (known)
		return *known;
	now_ns = bpf_ktime_get_ns();
	if (!bpf_map_update_elem(&listener_processes, &pid, &now_ns, BPF_NOEXIST))
		return now_ns;
	known = bpf_map_lookup_elem(&listener_processes, &pid);
	if (!known)
		count(&losses.storage_full);
	return known ? *known : now_ns;
}

/* Whether process_register() was called for the process, and the process has not ended since. */
static __always_inline bool process_is_registered(__u32 pid)
{
	return bpf_map_lookup_elem(&listener_processes, &pid);
}

/* Whether the process lives for which process_register() returned `identity`. */
static __always_inline bool process_lives(__u32 pid, __u64 identity)
{
	__u64 *known = bpf_map_lookup_elem(&listener_processes, &pid);

	return known && *known == identity;
}

/* Runs at the end of each thread. A process has ended when its last thread has. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct *task)
{
	__u32 pid;

	/* With a helper: for a pointer read through a trusted one, the verifier searches all types of the kernel. */
	if (BPF_CORE_READ(task, signal, live.counter))
		return 0;
	pid = pid_of(task);
	if (bpf_map_lookup_elem(&listener_processes, &pid))
		bpf_map_delete_elem(&listener_processes, &pid);
	if (process_names_show && bpf_map_lookup_elem(&process_names, &pid))
		bpf_map_delete_elem(&process_names, &pid);
	return 0;
}

/* A process has the name of its leader. The task still has the old name. */
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
	if (!bpf_map_update_elem(&process_names, &pid, &name, BPF_ANY))
		__sync_fetch_and_add(&process_renames, 1);
	return 0;
}

/*
 * Gives `owner` the current name of its process. No other program writes `owner` at this moment. A process that began
 * after `owned_ns` is another one with the same number.
 */
static __always_inline void process_apply_name(struct owner *owner, __u64 owned_ns)
{
	__u32 pid = owner->pid;
	struct process_name *name = bpf_map_lookup_elem(&process_names, &pid);
	__u8 source = owner->source;

	if (!name || source == OWNER_UNKNOWN || name->start_ns > owned_ns)
		return;
	OWNER_PUT(owner->source, OWNER_UNKNOWN);
	OWNER_PUT(((__u64 *)owner->comm)[0], ((__u64 *)name->comm)[0]);
	OWNER_PUT(((__u64 *)owner->comm)[1], ((__u64 *)name->comm)[1]);
	owner_judge(owner);
	OWNER_PUT(owner->source, source);
}

/* Updates the owner's name if any name has changed since the last time. The socket is locked. */
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
