/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Counts the calls of connect() that fail before SYN_SENT: no route, or an address that TCP cannot connect to. They
 * change no state, so that no other program sees them.
 */
#ifndef TCPVITALS_BPF_STATES_ATTEMPT_PROGRAMS_H
#define TCPVITALS_BPF_STATES_ATTEMPT_PROGRAMS_H

#include "bpf/kernel.bpf.h"

#include "bpf/read/sock.bpf.h"
#include "bpf/track/netns.bpf.h"
#include "bpf/track/owner.bpf.h"
#include "bpf/track/scope.bpf.h"
#include "bpf/track/stop.bpf.h"

/* errno numbers, in addition to those of abi/cause.h */
enum {
	ATTEMPT_ENOMEM = 12,
	ATTEMPT_EADDRNOTAVAIL = 99,
	ATTEMPT_ENOBUFS = 105,
	ATTEMPT_ECONNREFUSED = 111,
};

__u64 attempts_failed = 0;

/*
 * Whether tcp_v4_connect() or tcp_v6_connect() returned before SYN_SENT. After SYN_SENT, they find no local port, no
 * memory, or a peer on this host that refuses (Linux 6.18); these attempts have rows.
 */
static __always_inline bool attempt_was_early(int error)
{
	return error < 0 && error != -ATTEMPT_EADDRNOTAVAIL && error != -ATTEMPT_ENOMEM && error != -ATTEMPT_ENOBUFS &&
	       error != -ATTEMPT_ECONNREFUSED;
}

/* The remote end from connect()'s argument: the socket does not keep it. */
struct attempt_remote {
	__u16 family;
	__be16 port;
	__u32 v4_or_flow;
	__u64 v6[2];
};

static __always_inline void attempt_store_remote(struct transition *t, const struct attempt_remote *remote)
{
	bool is_v6 = remote->family == AF_INET6;

	t->rport = bpf_ntohs(remote->port);
	t->ip_version = is_v6 ? 6 : 4;
	((__u64 *)t->raddr)[0] = is_v6 ? remote->v6[0] : 0;
	((__u64 *)t->raddr)[1] = is_v6 ? remote->v6[1] : 0;
	if (!is_v6)
		*(__u32 *)t->raddr = remote->v4_or_flow;
}

static __always_inline void attempt_count(struct tcp_sock *tp, const struct attempt_remote *remote)
{
	struct owner owner = {};
	struct transition t;

	if (scope.numbers[SCOPE_NETNS] && !netns_in_scope(tp, false))
		return;
	sock_read(&t, tp, STATE_CLOSE, STATE_SYN_SENT);
	attempt_store_remote(&t, remote);
	if (scope.zones)
		t.netns = sock_netns(tp, false);
	if (scope_judge(&t) == SCOPE_OUT)
		return;
	owner_transition(&owner, STATE_CLOSE, STATE_SYN_SENT, CONTEXT_PROCESS);
	if (scope_admits_role(ROLE_CLIENT) && scope_admits_uid(tp->SOCK_INET.sk.sk_uid.val) &&
	    scope_admits_owner(&owner))
		count(&attempts_failed);
}

static __always_inline void attempt_ended(struct sock *sk, const void *address, int error)
{
	__u64 v4_mapped = bpf_cpu_to_be64(0xffffULL << 32), upper = bpf_cpu_to_be64(~0ULL << 32);
	struct tcp_sock *tp = is_stopped() || !attempt_was_early(error) ? NULL : bpf_skc_to_tcp_sock(sk);
	struct attempt_remote remote = {};

	if (!tp || bpf_probe_read_kernel(&remote, sizeof(remote), address))
		return;
	/* For IPv4 over an AF_INET6 socket, tcp_v6_connect() calls tcp_v4_connect(), which has counted. */
	if (remote.family == AF_INET6 && !remote.v6[0] && (remote.v6[1] & upper) == v4_mapped)
		return;
	attempt_count(tp, &remote);
}

SEC("fexit/tcp_v4_connect")
int BPF_PROG(attempt_v4, struct sock *sk, void *address, int length, int error)
{
	attempt_ended(sk, address, error);
	return 0;
}

SEC("fexit/tcp_v6_connect")
int BPF_PROG(attempt_v6, struct sock *sk, void *address, int length, int error)
{
	attempt_ended(sk, address, error);
	return 0;
}

#endif
