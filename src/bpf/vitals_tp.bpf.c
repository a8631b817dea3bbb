// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Transitions on kernels without BTF: a program on the classic tracepoint, without one CO-RE access. The tracepoint's
 * arguments are stable enough as an ABI. The program has no cookie, no network namespace, and no owner of an accepted
 * connection. A process's name is the thread's, not the thread-group leader's.
 */
#include "bpf/kernel.bpf.h"

#include "bpf/read/sock.bpf.h"
#include "bpf/states/transition.bpf.h"
#include "bpf/track/conn_hash.bpf.h"
#include "bpf/track/stop.bpf.h"

/* /sys/kernel/tracing/events/sock/inet_sock_set_state/format: the same from Linux 5.7 to 6.18. */
struct set_state_args {
	__u64 common;
	const void *skaddr;
	int oldstate;
	int newstate;
	__u16 sport;
	__u16 dport;
	__u16 family;
	__u16 protocol;
	__u8 saddr[4];
	__u8 daddr[4];
	__u8 saddr_v6[16];
	__u8 daddr_v6[16];
};

SEC("tracepoint/sock/inet_sock_set_state")
int set_state_tracepoint(struct set_state_args *args)
{
	struct transition t = {};
	enum scope_verdict verdict;
	__u64 local[2], remote[2]; /* v4-mapped, also for AF_INET */
	struct conn *conn;
	__u8 ip_version;

	if (is_stopped() || args->protocol != IPPROTO_TCP_NUM)
		return 0;
	__builtin_memcpy(local, args->saddr_v6, 16);
	__builtin_memcpy(remote, args->daddr_v6, 16);
	ip_version = sock_unmap(local, remote, 0, false);
	sock_store_addresses(&t, ip_version, local, remote);
	t.skaddr = (__u64)(unsigned long)args->skaddr;
	t.lport = args->sport;
	t.rport = args->dport;
	t.oldstate = args->oldstate;
	t.newstate = args->newstate;

	verdict = scope_judge(&t);
	conn = bpf_map_lookup_elem(&conn_hash, &t.skaddr);
	t.uid = UID_UNKNOWN;
	if (verdict == SCOPE_OUT || (scope_may_exclude_unknown() && !conn && !transition_needs_conn(&t, CONTEXT_ANY))) {
		if (conn)
			transition_drop_held(conn);
		conn_hash_forget(t.skaddr);
		return 0;
	}
	t.time_ns = transition_now();
	t.syn_retrans = SYN_RETRANS_NONE;
	/* The kernel's bookkeeping, not the handshake (read/handshake.bpf.h): the handshake's duration is unknown. */
	if (t.oldstate == STATE_SYN_RECV && t.newstate == STATE_ESTABLISHED) {
		t.flags = TRANSITION_TIMED;
		t.duration_ns = DURATION_UNKNOWN;
	}
	conn = conn_hash_make(&t);
	if (conn)
		transition_record(conn, &t, verdict, CONTEXT_ANY);
	else
		transition_record_unstored(&t, verdict);
	if (t.newstate == STATE_CLOSE)
		conn_hash_forget(t.skaddr);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
