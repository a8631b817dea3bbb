/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reading a struct sock. */
#ifndef TCPVITALS_BPF_SOCK_H
#define TCPVITALS_BPF_SOCK_H

#include "bpf/kernel.bpf.h"

#include "abi/transition.h"
#include "bpf/owner.bpf.h"

/* ::ffff:a.b.c.d, with `words` in network byte order */
static __always_inline bool sock_is_v4mapped(const __u32 words[4])
{
	return !words[0] && !words[1] && words[2] == bpf_htonl(0xffff);
}

static __always_inline void sock_put_v4(struct transition *t, __u32 laddr, __u32 raddr)
{
	t->ip_version = 4;
	*(__u32 *)t->laddr = laddr;
	*(__u32 *)t->raddr = raddr;
}

/*
 * Addresses as a person calls them: IPv4 over an AF_INET6 socket is IPv4. Its local address is mapped, too, except that
 * a child just cloned from a listener on :: may have the remote one only.
 */
static __always_inline void sock_put_v6(struct transition *t, const __u32 local[4], const __u32 remote[4])
{
	if (sock_is_v4mapped(remote) || sock_is_v4mapped(local)) {
		sock_put_v4(t, local[3], remote[3]);
		return;
	}
	t->ip_version = 6;
	__builtin_memcpy(t->laddr, local, 16);
	__builtin_memcpy(t->raddr, remote, 16);
}

/*
 * A member of a socket, `field` possibly with dots. What the kernel hands to BTF-typed programs is read directly; a
 * kprobe's pointer
 * (`probed`, a constant) takes a helper call for each read.
 */
#define SOCK_GET(probed, tp, field) ((probed) ? BPF_CORE_READ(tp, field) : (tp)->field)

/*
 * Since 6.2. A word with the verifier rather than a call: bpf_skc_to_tcp_sock() takes 21 of the 38 ns of a tcprtt
 * sample. Only in programs of their own: 5.13 to 5.15 refuse what mentions a kernel function that they do not have,
 * even in code that is never reached. The caller knows that it is a TCP socket.
 */
extern void *bpf_rdonly_cast(const void *object, __u32 btf_id) __ksym __weak;

static __always_inline struct tcp_sock *sock_cast_to_tcp(struct sock *sk)
{
	return bpf_rdonly_cast(sk, bpf_core_type_id_kernel(struct tcp_sock));
}

#define SOCK_INET   inet_conn.icsk_inet
#define SOCK_COMMON inet_conn.icsk_inet.sk.__sk_common

static __always_inline __u32 sock_netns(struct tcp_sock *tp, bool probed)
{
	return probed ? BPF_CORE_READ(tp, SOCK_COMMON.skc_net.net, ns.inum) : tp->SOCK_COMMON.skc_net.net->ns.inum;
}

static __always_inline void sock_read_addresses(struct transition *t, struct tcp_sock *tp, bool probed)
{
	__u32 local[4], remote[4];

	if (SOCK_GET(probed, tp, SOCK_COMMON.skc_family) != AF_INET6) {
		sock_put_v4(t, SOCK_GET(probed, tp, SOCK_COMMON.skc_rcv_saddr),
			    SOCK_GET(probed, tp, SOCK_COMMON.skc_daddr));
		return;
	}
#pragma unroll
	for (int i = 0; i < 4; i++) {
		local[i] = SOCK_GET(probed, tp, SOCK_COMMON.skc_v6_rcv_saddr.in6_u.u6_addr32[i]);
		remote[i] = SOCK_GET(probed, tp, SOCK_COMMON.skc_v6_daddr.in6_u.u6_addr32[i]);
	}
	sock_put_v6(t, local, remote);
}

/*
 * skc_num is 0 again at many transitions to CLOSE. Until then it is the better one: a connection or listener that
 * begins may still have the port of the socket's last one in inet_sport, which is also far from all the rest, a cache
 * miss more.
 */
static __always_inline __u16 sock_lport(struct tcp_sock *tp, bool probed, bool closed)
{
	return closed ? bpf_ntohs(SOCK_GET(probed, tp, SOCK_INET.inet_sport))
		      : SOCK_GET(probed, tp, SOCK_COMMON.skc_num);
}

static __always_inline __u16 sock_rport(struct tcp_sock *tp, bool probed)
{
	return bpf_ntohs(SOCK_GET(probed, tp, SOCK_COMMON.skc_dport));
}

/* Everything about the transition that the socket itself tells; the rest is zero. */
static __always_inline void sock_read(struct transition *t, struct tcp_sock *tp)
{
	sock_read_addresses(t, tp, false);
	t->skaddr = (__u64)(unsigned long)tp;
	t->netns = sock_netns(tp, false);
	t->lport = sock_lport(tp, false, t->newstate == STATE_CLOSE);
	t->rport = sock_rport(tp, false);
}

/*
 * While a process holds the socket's lock, softirqs leave the socket alone: `owned` proves that the current task is
 * using it. It may be using it from outside, though: tcp_abort() (ss -K) leaves ECONNABORTED, and closes a listener
 * without shutting it down.
 */
static __always_inline enum owner_context sock_context(const struct transition *t, struct tcp_sock *tp)
{
	struct sock *sk = &tp->inet_conn.icsk_inet.sk;

	if (!sk->sk_lock.owned)
		return CONTEXT_ANY;
	if (t->newstate == STATE_CLOSE) {
		if (sk->sk_err == ECONNABORTED)
			return CONTEXT_ANY;
		if (t->oldstate == STATE_LISTEN && sk->sk_shutdown != SHUTDOWN_MASK)
			return CONTEXT_ANY;
	}
	return CONTEXT_PROCESS;
}

/*
 * Finds or makes what a map of socket storage has for this socket; NULL is lack of memory. When another CPU (the
 * seeding program's) makes it at the same time, the kernel gives the one that comes second nothing: asked again, there
 * is one.
 */
static __always_inline void *sock_storage_make(void *map, struct sock *sk)
{
	return bpf_sk_storage_get(map, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE)
		       ?: bpf_sk_storage_get(map, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
}

#endif
