/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finds and stores the owner of a socket. */
#ifndef TCPVITALS_BPF_TRACK_OWNER_H
#define TCPVITALS_BPF_TRACK_OWNER_H

#include "bpf/kernel.bpf.h"

#include "abi/owner.h"
#include "abi/tcp_state.h"
#include "bpf/read/state.bpf.h"
#include "bpf/track/pid.bpf.h"
#include "bpf/track/scope.bpf.h"
#include "bpf/track/tree.bpf.h"

/*
 * The programs that see who accepts, and the seeding, do not hold the socket's lock: a transition may read the owner on
 * another CPU meanwhile. So a writer clears `source` first and writes it last. A reader takes the owner for unknown if
 * `source` has changed. Volatile keeps the order in the compiler. 5.10 has no means to keep the order in a CPU other
 * than x86.
 */
#define OWNER_PUT(member, value) (*(volatile typeof(member) *)&(member) = (value))
#define OWNER_GET(member)        (*(volatile typeof(member) *)&(member))

static __always_inline void owner_copy(struct owner *ret, struct owner *owner)
{
	__u8 source = OWNER_GET(owner->source);

#pragma unroll
	for (unsigned int i = 0; i < sizeof(*owner) / 8; i++)
		((__u64 *)ret)[i] = OWNER_GET(((__u64 *)owner)[i]);
	if (OWNER_GET(owner->source) != source)
		ret->source = OWNER_UNKNOWN;
}

#ifdef WITHOUT_BTF

static __always_inline int owner_is_in_cgroup(void)
{
	return 0; /* unknown: --cgroup is refused */
}

static __always_inline int owner_is_in_tree(void)
{
	return 0; /* unknown: a command is refused */
}

static __always_inline bool owner_is_kernel_thread(void)
{
	return false; /* unknown */
}

static __always_inline void owner_read_comm(struct owner *owner)
{
	bpf_get_current_comm(owner->comm, sizeof(owner->comm));
}

#else

/*
 * Since 5.11 the current task can be read like a socket. A member takes 20 ns; with helpers, one member takes 60 ns,
 * and the leader's name 100 ns.
 */
const volatile bool owner_task_is_typed = false;

static __always_inline bool owner_is_kernel_thread(void)
{
	struct task_struct *task;

	if (owner_task_is_typed)
		return bpf_get_current_task_btf()->flags & PF_KTHREAD;
	task = (void *)bpf_get_current_task();
	return BPF_CORE_READ(task, flags) & PF_KTHREAD;
}

/*
 * Whether the current process's cgroup is in scope. A global function: the verifier verifies it once, not once for each
 * path to it. Before 6.8 the verifier verifies it even when nothing calls it and there is no map: hence the first test.
 */
__noinline int owner_is_in_cgroup(void)
{
	if (!scope.numbers[SCOPE_CGROUP])
		return 0;
	if (owner_task_is_typed)
		return scope_admits_cgroup_of(bpf_get_current_task_btf(), true);
	return scope_admits_cgroup_of((void *)bpf_get_current_task(), false);
}

/* Whether the current process is in the command's tree. Global for the same reason. */
__noinline int owner_is_in_tree(void)
{
	struct task_struct *task;
	__u64 start_time;

	if (!scope.tree.tgid)
		return 0;
	if (owner_task_is_typed) {
		start_time = bpf_get_current_task_btf()->group_leader->start_time;
	} else {
		task = (void *)bpf_get_current_task();
		start_time = BPF_CORE_READ(task, group_leader, start_time);
	}
	return tree_has(bpf_get_current_pid_tgid() >> 32, start_time);
}

/*
 * Returns half of the leader's name. A global function, verified once: for each pointer that is read through a trusted
 * pointer, the verifier searches the kernel's types by name, 1 ms.
 */
__noinline __u64 owner_leader_comm(int half)
{
	struct task_struct *leader;
	__u64 words[2];

	if (!owner_task_is_typed)
		return 0;
	leader = bpf_get_current_task_btf()->group_leader;
	words[0] = *(__u64 *)&leader->comm[0];
	words[1] = *(__u64 *)&leader->comm[8];
	return half ? words[1] : words[0];
}

/*
 * Returns the bytes of `word` before its first zero byte. *ret_ended has all bits set if there is a zero byte, else
 * none.
 */
static __always_inline __u64 owner_cut(__u64 word, __u64 *ret_ended)
{
	__u64 zeros = (word - 0x0101010101010101ULL) & ~word & 0x8080808080808080ULL;
	__u64 first = zeros & -zeros;

	*ret_ended = zeros ? ~0ULL : 0;
	return word & ((first >> 7) - 1);
}

/*
 * Reads the thread-group leader's name: a thread's own name ("http-worker-3") does not belong to the process's number.
 * Behind the name's end there may be the rest of a longer one (until 5.17).
 */
static __always_inline void owner_read_comm(struct owner *owner)
{
	struct task_struct *task;

	if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && owner_task_is_typed) {
		__u64 *comm = (__u64 *)owner->comm, ended, unused;

		OWNER_PUT(comm[0], owner_cut(owner_leader_comm(0), &ended));
		OWNER_PUT(comm[1], owner_cut(owner_leader_comm(1), &unused) & ~ended);
		return;
	}
	task = (void *)bpf_get_current_task();
	__builtin_memset(owner->comm, 0, sizeof(owner->comm));
	BPF_CORE_READ_STR_INTO(&owner->comm, task, group_leader, comm);
}

#endif

/* Judges an owner whose number or name has changed. Later rows only read the verdict. */
static __always_inline void owner_judge(struct owner *owner)
{
	if (scope.by_owner)
		OWNER_PUT(owner->in_scope, scope_admits_process(owner));
}

/*
 * Stores the current process as the owner. If it is not a new owner, only the name is read again: a process that calls
 * exec() keeps its number.
 */
static __always_inline void owner_write(struct owner *owner, __u32 pid, __u8 source, bool is_new)
{
	OWNER_PUT(owner->source, OWNER_UNKNOWN);
	if (is_new) {
		OWNER_PUT(owner->pid, pid);
		OWNER_PUT(owner->cgroup_id, bpf_get_current_cgroup_id());
		if (scope.numbers[SCOPE_CGROUP])
			OWNER_PUT(owner->in_cgroup, owner_is_in_cgroup() != 0);
		if (scope.tree.tgid)
			OWNER_PUT(owner->in_tree, owner_is_in_tree() != 0);
	}
	owner_read_comm(owner);
	owner_judge(owner);
	OWNER_PUT(owner->source, source);
}

/* Whether no process has been seen with the socket itself. */
static __always_inline bool owner_is_guess(const struct owner *owner)
{
	return owner->source == OWNER_UNKNOWN || owner->source == OWNER_LISTENER;
}

/*
 * The tool's process (initial pid namespace) while one of its socket iterators runs; 0: none runs. User space resets
 * it. The iterator locks each socket, and handles segments that have arrived meanwhile: the process is no owner.
 */
__u32 walker = 0;

static __always_inline void owner_note_walker(void)
{
	walker = bpf_get_current_pid_tgid() >> 32;
}

static __always_inline bool owner_is_walker(void)
{
	__u32 pid = *(volatile __u32 *)&walker;

	return pid && pid == bpf_get_current_pid_tgid() >> 32;
}

/*
 * Makes the current process the owner. Only for the context of a process that began this connection or listener,
 * accepted it, or uses it (OWNER_USE: the process holds the socket's lock). A kernel thread that uses it is no better
 * owner than a known one (delayed work, a workqueue that closes the last file).
 *
 * `zero` makes the written values unknown to the verifier. Otherwise the verifier follows the writing once for each
 * path to it.
 */
static __always_inline void owner_take(struct owner *owner, __u64 source)
{
	bool uses = source == OWNER_USE, is_kernel = owner_is_kernel_thread();
	__u32 pid = pid_of_current();
	__u64 zero = opaque_zero(owner->pid);
	__u64 is_new = !uses || owner_is_guess(owner) || owner->pid != pid;

	if (uses && is_kernel && owner->source != OWNER_UNKNOWN)
		return;
	if (!is_new)
		source = owner->source;
	if (is_kernel)
		source = OWNER_KERNEL;
	owner_write(owner, pid, source + zero, is_new + zero);
}

#ifndef WITHOUT_BTF

/*
 * Makes `task` the owner: it has a descriptor of the socket, and no event has stored an owner. PID 1 is not the owner
 * of a socket that other processes have, too.
 */
static __always_inline void owner_seed(struct owner *owner, struct task_struct *task)
{
	if (owner->source != OWNER_UNKNOWN && !(owner->source == OWNER_SEED && pid_is_init(owner->pid)))
		return;
	OWNER_PUT(owner->source, OWNER_UNKNOWN);
	OWNER_PUT(owner->pid, pid_of(task));
	OWNER_PUT(owner->cgroup_id, task->cgroups->dfl_cgrp->kn->id);
	__builtin_memset(owner->comm, 0, sizeof(owner->comm));
	BPF_CORE_READ_STR_INTO(&owner->comm, task, group_leader, comm);
	if (scope.numbers[SCOPE_CGROUP])
		OWNER_PUT(owner->in_cgroup, scope_admits_cgroup_of(task, true));
	owner_judge(owner);
	OWNER_PUT(owner->source, OWNER_SEED);
}

#endif

/* Copies the listener's owner to a connection that is not accepted yet. Another CPU may read the copy meanwhile. */
static __always_inline void owner_inherit_from(struct owner *owner, struct owner *of_listener)
{
	struct owner copy;

	owner_copy(&copy, of_listener);
	if (copy.source == OWNER_UNKNOWN)
		return;
#pragma unroll
	for (unsigned int i = 0; i < sizeof(copy) / 8; i++) {
		if (i * 8 != offsetof(struct owner, pid))
			OWNER_PUT(((__u64 *)owner)[i], ((__u64 *)&copy)[i]);
	}
	OWNER_PUT(owner->pid, copy.pid);
	OWNER_PUT(owner->in_cgroup, copy.in_cgroup);
	OWNER_PUT(owner->in_scope, copy.in_scope);
	OWNER_PUT(owner->in_tree, copy.in_tree);
	OWNER_PUT(owner->source, OWNER_LISTENER);
}

/* Marks the owner of a new child, which is a copy of the listener's, as inherited. */
static __always_inline void owner_inherit(struct owner *owner)
{
	if (owner->source != OWNER_UNKNOWN && owner->source != OWNER_KERNEL)
		owner->source = OWNER_LISTENER;
}

/* Changes the owner as a transition requires. `owner` is the owner before, for a birth the listener's, or zero. */
static __always_inline void owner_transition(struct owner *owner, __u8 oldstate, __u8 newstate,
					     enum sock_context context)
{
	bool begins = state_is_begin(oldstate, newstate);

	if (state_is_birth(oldstate, newstate))
		owner_inherit(owner);
	else if (begins || context == CONTEXT_PROCESS)
		owner_take(owner, !begins ? OWNER_USE : newstate == STATE_LISTEN ? OWNER_LISTEN : OWNER_CONNECT);
}

#endif
