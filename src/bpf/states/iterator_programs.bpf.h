/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Socket iterators: one pass at start-up for sockets that are older than the tool, then one per --interval of --stuck.
 */
#ifndef TCPVITALS_BPF_STATES_ITERATOR_PROGRAMS_H
#define TCPVITALS_BPF_STATES_ITERATOR_PROGRAMS_H

#include "bpf/kernel.bpf.h"

#include "bpf/read/descriptor.bpf.h"
#include "bpf/read/sock.bpf.h"
#include "bpf/states/life.bpf.h"
#include "bpf/states/stuck.bpf.h"
#include "bpf/states/transition.bpf.h"
#include "bpf/states/transition_read.bpf.h"
#include "bpf/track/conn_hash.bpf.h"
#include "bpf/track/conn_table.bpf.h"
#include "bpf/track/netns.bpf.h"
#include "bpf/track/old_listener.bpf.h"
#include "bpf/track/owner.bpf.h"

/*
 * The seeding found a socket in a network namespace that the scope names. So the namespace is there, even if user space
 * found no other way to it.
 */
bool seed_saw_netns = false;

/* Reads a socket that is older than the tool. Returns false if the socket is unused or out of scope. */
static __always_inline bool seed_read(struct transition *t, struct tcp_sock *tp)
{
	__u8 state = tp->SOCK_COMMON.skc_state;

	barrier_var(state); /* read once: the state may change meanwhile */
	/* An unused socket has no data yet. */
	if (state == STATE_CLOSE || transition_read(t, tp, state, state) == SCOPE_OUT)
		return false;
	if (scope.numbers[SCOPE_NETNS])
		seed_saw_netns = true;
	return true;
}

/* Stores `task` as the owner: it has a descriptor of the socket at `address`, whose memory is `conn`. */
static __always_inline void seed_owner(struct conn *conn, struct task_struct *task, __u64 address, __u8 state,
				       __u32 cookie, bool in_socket)
{
	owner_seed(&conn->owner, task);
	conn->owner_turn++;
	transition_seed(conn, in_socket);
	if (state == STATE_LISTEN)
		listener_store(address, &conn->owner, cookie);
}

/* Counts a socket of `task` for which there is no memory, unless the scope excludes `task` as owner. */
static __always_inline void seed_count_unremembered(struct task_struct *task)
{
	struct owner owner = {};

	if (scope.by_owner)
		owner_seed(&owner, task);
	if (scope_admits_owner(&owner))
		scope_count_unremembered();
}

/* Stores the owners of the sockets that are older than the tool. */
SEC("iter/task_file")
int seed_storage(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct sock *sk = task ? descriptor_socket(ctx) : NULL;
	struct tcp_sock *tp = sk && scope.by_socket ? bpf_skc_to_tcp_sock(sk) : NULL;
	struct transition t;
	struct conn *conn;

	if (!sk || (tp && !seed_read(&t, tp)))
		return 0;
	conn = conn_make_older(sk);
	if (conn)
		seed_owner(conn, task, (__u64)(unsigned long)sk, sock_as_tcp(sk)->SOCK_COMMON.skc_state, cookie_of(sk),
			   true);
	else
		seed_count_unremembered(task);
	life_seed(sk);
	return 0;
}

/* Older sockets take at most half of the hash: the rest is for later sockets. */
__u32 seeded_in_hash = 0;
const volatile __u32 seed_hash_max = 0;

static __always_inline struct conn *seed_in_hash(const void *sk)
{
	struct conn *conn = conn_hash_find(sk);

	if (conn || seeded_in_hash >= seed_hash_max)
		return conn;
	seeded_in_hash++;
	return conn_hash_add(sk);
}

/* The same for kernels without socket storage. */
SEC("iter/task_file")
int seed_hash(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct tcp_sock *tp = task ? descriptor_address(ctx) : NULL;
	struct transition t = {};
	struct conn *conn;
	__u8 state;

	if (!tp)
		return 0;
	state = BPF_CORE_READ(tp, SOCK_COMMON.skc_state);
	t.oldstate = t.newstate = state;
	sock_read_addresses(&t, tp, 0, true, false);
	t.lport = sock_lport(tp, true, false);
	t.rport = sock_rport(tp, true);
	t.netns = sock_netns(tp, true);
	t.ifindex = sock_ifindex(tp, true);
	if (state == STATE_CLOSE || (scope.numbers[SCOPE_NETNS] && !netns_in_scope(tp, true)) ||
	    scope_judge(&t) == SCOPE_OUT)
		return 0;
	if (scope.numbers[SCOPE_NETNS])
		seed_saw_netns = true;
	conn = seed_in_hash(tp);
	if (conn)
		seed_owner(conn, task, (__u64)(unsigned long)tp, state,
			   BPF_CORE_READ(tp, SOCK_COMMON.skc_cookie.counter), false);
	else
		seed_count_unremembered(task);
	return 0;
}

static __always_inline void seed_found(struct tcp_sock *tp, const struct transition *t, struct conn *conn,
				       bool in_socket)
{
	bool is_waiting = !tp->SOCK_BASE.sk_socket && !(tp->SOCK_COMMON.skc_flags & 1UL << SOCK_DEAD_BIT);

	if (t->newstate == STATE_LISTEN)
		old_listener_add(t);
	if (!conn) {
		/* seed_storage or seed_hash has counted a socket with a descriptor. */
		if (!tp->SOCK_BASE.sk_socket)
			scope_count_unremembered();
		return;
	}
	transition_seed(conn, in_socket);
	if (t->newstate == STATE_LISTEN)
		conn->role = ROLE_SERVER;
	else
		old_listener_seed(conn, t, is_waiting);
}

/*
 * Visits all sockets of a network namespace, listeners first, after seed_storage. A socket without a descriptor is in
 * an accept queue, an orphan, or a kernel module's. `tp` is NULL for a socket in TIME_WAIT and for a request socket.
 */
SEC("iter/tcp")
int seed_rest(struct bpf_iter__tcp *ctx)
{
	struct sock_common *common = ctx->sk_common;
	struct tcp_sock *tp = common ? bpf_skc_to_tcp_sock(common) : NULL;
	struct sock *sk = (struct sock *)tp;
	struct transition t;
	struct conn *conn;

	owner_note_walker();
	if (!tp || !seed_read(&t, tp))
		return 0;
	t.netns = sock_netns(tp, false);
	conn = conn_make_older(sk);
	seed_found(tp, &t, conn, true);
	life_seed(sk);
	return 0;
}

/* The same for kernels without socket storage, after seed_hash. */
SEC("iter/tcp")
int seed_rest_hash(struct bpf_iter__tcp *ctx)
{
	struct sock_common *common = ctx->sk_common;
	struct tcp_sock *tp = common ? bpf_skc_to_tcp_sock(common) : NULL;
	struct transition t;

	owner_note_walker();
	if (!tp || !seed_read(&t, tp))
		return 0;
	t.netns = sock_netns(tp, false);
	seed_found(tp, &t, seed_in_hash(tp), false);
	return 0;
}

/* Reads the socket. Returns whether --stuck asks for its state and it is in scope. */
static __always_inline bool stuck_is_candidate(struct transition *t, struct tcp_sock *tp)
{
	__u8 state = tp ? tp->SOCK_COMMON.skc_state : 0;

	barrier_var(state); /* read once: the state may change meanwhile */
	return tp && stuck_wants(state) && transition_read(t, tp, state, state) == SCOPE_IN;
}

/* Visits all sockets that have a struct conn: in all network namespaces, orphans included. */
SEC("iter/bpf_sk_storage_map")
int stuck_storage(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	struct sock *sk = ctx->sk;
	struct conn *conn = ctx->value;
	struct tcp_sock *tp = sk ? bpf_skc_to_tcp_sock(sk) : NULL;
	struct transition t;

	if (!conn || !stuck_is_candidate(&t, tp))
		return 0;
	t.cookie = cookie_of(sk);
	t.netns = netns_of(conn, tp);
	stuck_judge(&t, tp, conn, true);
	return 0;
}

/* Returns the socket at the iterator's position. NULL: --stuck does not ask for its state, or it is out of scope. */
static __always_inline struct tcp_sock *stuck_socket(struct transition *t, struct bpf_iter__tcp *ctx)
{
	struct sock_common *common = ctx->sk_common;
	struct tcp_sock *tp = common ? bpf_skc_to_tcp_sock(common) : NULL;

	owner_note_walker();
	return stuck_is_candidate(t, tp) ? tp : NULL;
}

/* Whether to skip a socket that has no struct conn. --once skips none, because it reports how many it cannot judge. */
static __always_inline bool stuck_is_ignored(const struct transition *t)
{
	return !stuck.once && scope_may_exclude_unknown() && !transition_needs_conn(t, CONTEXT_ANY);
}

static __always_inline void stuck_judge_found(struct transition *t, struct tcp_sock *tp, struct conn *conn,
					      bool atomically)
{
	t->netns = sock_netns(tp, false);
	if (conn)
		stuck_judge(t, tp, conn, atomically);
	else
		scope_count_unremembered();
}

/* Visits all sockets of a network namespace, where the kernel refuses the iterator over socket storage. */
SEC("iter/tcp")
int stuck_tcp(struct bpf_iter__tcp *ctx)
{
	struct transition t;
	struct tcp_sock *tp = stuck_socket(&t, ctx);
	struct sock *sk = (struct sock *)tp;

	if (!tp || (!conn_find(sk) && stuck_is_ignored(&t)))
		return 0;
	t.cookie = cookie_of(sk);
	stuck_judge_found(&t, tp, conn_make_older(sk), true);
	return 0;
}

/* The same for kernels without socket storage. A socket older than the tool gets its place in the hash here. */
SEC("iter/tcp")
int stuck_hash(struct bpf_iter__tcp *ctx)
{
	struct transition t;
	struct tcp_sock *tp = stuck_socket(&t, ctx);

	if (!tp || (!conn_hash_find(tp) && stuck_is_ignored(&t)))
		return 0;
	t.cookie = tp->SOCK_COMMON.skc_cookie.counter;
	stuck_judge_found(&t, tp, conn_hash_make(&t), false);
	return 0;
}

#endif
