/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reads the number of a process in the pid namespace that the tool shows (scope.pidns_ino). In the initial namespace,
 * one helper call or one member has the number.
 */
#ifndef TCPVITALS_BPF_TRACK_PID_H
#define TCPVITALS_BPF_TRACK_PID_H

#include "bpf/kernel.bpf.h"

#include "abi/owner.h"
#include "abi/pid.h"
#include "bpf/track/scope.bpf.h"

#ifdef WITHOUT_BTF

/* The helper fails for a process in a pid namespace below the one shown: such a process counts as outside. */
static __always_inline __u32 pid_in_namespace(void)
{
	struct bpf_pidns_info id = {};

	if (bpf_get_ns_current_pid_tgid(scope.pidns_dev, scope.pidns_ino, &id, sizeof(id)))
		return OWNER_PID_OUTSIDE | bpf_get_current_pid_tgid() >> 32;
	return id.tgid;
}

#else

/* The kernel nests at most this many pid namespaces (MAX_PID_NS_LEVEL). */
#define PID_LEVELS 32

const volatile struct pid_layout pid_layout = {};

static __always_inline __u32 pid_read(const void *from, __u32 offset)
{
	__u32 value = 0;

	bpf_probe_read_kernel(&value, sizeof(value), from + offset);
	return value;
}

/*
 * Reads the number from struct pid: a process has one in its own pid namespace and one in each namespace above.
 * bpf_get_ns_current_pid_tgid() is no alternative: it supports the current task only, and only in the task's own
 * namespace.
 */
static __always_inline __u32 pid_in_namespace_of(struct task_struct *task)
{
	const void *pid = BPF_CORE_READ(task, group_leader, thread_pid);
	__u32 level = pid_read(pid, pid_layout.level);

	for (int i = 0; i < PID_LEVELS && level; i++, level--) {
		const void *upid = pid + pid_layout.numbers + (__u64)level * pid_layout.upid_size, *ns = NULL;

		bpf_probe_read_kernel(&ns, sizeof(ns), upid + pid_layout.ns);
		if (pid_read(ns, pid_layout.inum) == scope.pidns_ino)
			return pid_read(upid, pid_layout.nr);
	}
	return OWNER_PID_OUTSIDE | BPF_CORE_READ(task, tgid);
}

/*
 * Returns the number of the current process. A global function: the verifier verifies it once, and before 6.8 also when
 * nothing calls it.
 */
__noinline __u32 pid_in_namespace(void)
{
	if (!scope.pidns_ino)
		return 0;
	return pid_in_namespace_of((void *)bpf_get_current_task());
}

static __always_inline __u32 pid_of(struct task_struct *task)
{
	return scope.pidns_ino ? pid_in_namespace_of(task) : (__u32)task->tgid;
}

#endif

static __always_inline __u32 pid_of_current(void)
{
	return scope.pidns_ino ? pid_in_namespace() : bpf_get_current_pid_tgid() >> 32;
}

/* Whether `pid` is the first process of a pid namespace, which holds sockets for others. */
static __always_inline bool pid_is_init(__u32 pid)
{
	return scope.pidns_ino ? (pid & ~OWNER_PID_OUTSIDE) == 1 : pid == 1;
}

#endif
