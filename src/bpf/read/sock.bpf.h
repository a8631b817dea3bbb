/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reading a struct sock. */
#ifndef TCPVITALS_BPF_READ_SOCK_H
#define TCPVITALS_BPF_READ_SOCK_H

#include "bpf/kernel.bpf.h"

#include "abi/transition.h"
#include "bpf/read/state.bpf.h"

#define SOCK_INET   inet_conn.icsk_inet
#define SOCK_BASE   inet_conn.icsk_inet.sk
#define SOCK_COMMON inet_conn.icsk_inet.sk.__sk_common

/* For SOCK_BASE and SOCK_COMMON, whatever socket it is: struct sock is what all kinds of them begin with. */
static __always_inline struct tcp_sock *sock_as_tcp(struct sock *sk)
{
	return (struct tcp_sock *)sk;
}

/* Everywhere but where sock_store_addresses() will write. */
static __always_inline void sock_clear(struct transition *t, __u64 zero)
{
#pragma unroll
	for (unsigned int at = 0; at < sizeof(*t); at += sizeof(zero)) {
		if (at < offsetof(struct transition, laddr) || at >= offsetof(struct transition, netns))
			*(__u64 *)((char *)t + at) = zero;
	}
}

/* An address, in network byte order: ::ffff:a.b.c.d */
static __always_inline bool sock_is_v4mapped(const __u64 words[2])
{
	return !words[0] && (words[1] & bpf_cpu_to_be64(~0ULL << 32)) == bpf_cpu_to_be64(0xffffULL << 32);
}

/* The same, 1 or 0, but the verifier learns nothing from it (is_zero()). */
static __always_inline __u64 sock_is_v4mapped_blind(const __u64 words[2])
{
	__u64 other = words[0] | ((words[1] & bpf_cpu_to_be64(~0ULL << 32)) ^ bpf_cpu_to_be64(0xffffULL << 32));

	return is_zero(other | other >> 32);
}

/* Of an IPv6 address, its first half: fe80::/10. */
static __always_inline bool sock_is_link_local(__u64 half)
{
	return (half & bpf_cpu_to_be64(0xffc0ULL << 48)) == bpf_cpu_to_be64(0xfe80ULL << 48);
}

/* Its a.b.c.d */
static __always_inline __u32 sock_mapped_v4(const __u64 words[2])
{
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? words[1] >> 32 : words[1];
}

/* The address a.b.c.d; `zero` fills the rest. */
static __always_inline void sock_put_v4(__u64 words[2], __u32 address, __u64 zero)
{
	words[0] = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? address : (__u64)address << 32;
	words[1] = zero;
}

/*
 * IPv4 over an AF_INET6 socket is IPv4, as a person calls it. The local address is mapped, too, except that a child
 * just cloned from a listener on :: may have the remote one only. Returns the IP version. `blind`, a constant: the
 * verifier learns nothing of the addresses. That halves what it follows of a program with much behind this, and does
 * the opposite to others.
 */
static __always_inline __u8 sock_unmap(__u64 local[2], __u64 remote[2], __u64 zero, bool blind)
{
	if (blind ? !(sock_is_v4mapped_blind(remote) | sock_is_v4mapped_blind(local))
		  : !sock_is_v4mapped(remote) && !sock_is_v4mapped(local))
		return 6;
	sock_put_v4(local, sock_mapped_v4(local), zero);
	sock_put_v4(remote, sock_mapped_v4(remote), zero);
	return 4;
}

/* Written here, whichever they are: all ways to know them leave the same on the stack, as the verifier sees it. */
static __always_inline void sock_store_addresses(struct transition *t, __u8 ip_version, const __u64 local[2],
						 const __u64 remote[2])
{
	t->ip_version = ip_version;
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

static __always_inline __u32 sock_netns(struct tcp_sock *tp, bool probed)
{
	return probed ? BPF_CORE_READ(tp, SOCK_COMMON.skc_net.net, ns.inum) : tp->SOCK_COMMON.skc_net.net->ns.inum;
}

/*
 * The interface that the socket is bound to. With a link-local peer the kernel binds it at connect() and to an accepted
 * connection, whose listener need not be (tcp_v6_connect(), tcp_v6_init_req()), and bind() does with a local address.
 */
static __always_inline __u32 sock_ifindex(struct tcp_sock *tp, bool probed)
{
	return SOCK_GET(probed, tp, SOCK_COMMON.skc_bound_dev_if);
}

/* Asking makes a cookie for a socket that has none yet; the call costs 25 ns. */
static __always_inline __u64 cookie_of(struct sock *sk)
{
	__u64 cookie = sock_as_tcp(sk)->SOCK_COMMON.skc_cookie.counter;

	return cookie ? cookie : bpf_get_socket_cookie(sk);
}

/* 0 before 5.12; SO_NETNS_COOKIE is of 5.14. */
static __always_inline __u64 sock_netns_cookie(struct tcp_sock *tp, bool probed)
{
	if (!bpf_core_field_exists(((struct net *)0)->net_cookie))
		return 0;
	return probed ? BPF_CORE_READ(tp, SOCK_COMMON.skc_net.net, net_cookie)
		      : tp->SOCK_COMMON.skc_net.net->net_cookie;
}

/* Half of an AF_INET6 address. */
static __always_inline __u64 sock_half(const __u32 *words, bool probed)
{
	__u64 half;

	if (!probed)
		return *(const __u64 *)words;
	bpf_probe_read_kernel(&half, sizeof(half), words);
	return half;
}

/* `zero`: opaque_zero()'s, or just 0. `blind` as for sock_unmap(). */
static __always_inline void sock_read_addresses(struct transition *t, struct tcp_sock *tp, __u64 zero, bool probed,
						bool blind)
{
	__u64 local[2], remote[2];
	__u8 ip_version = 4;

	if (SOCK_GET(probed, tp, SOCK_COMMON.skc_family) == AF_INET6) {
		const __u32 *here = tp->SOCK_COMMON.skc_v6_rcv_saddr.in6_u.u6_addr32;
		const __u32 *there = tp->SOCK_COMMON.skc_v6_daddr.in6_u.u6_addr32;

		for (int i = 0; i < 2; i++) {
			local[i] = sock_half(&here[2 * i], probed);
			remote[i] = sock_half(&there[2 * i], probed);
		}
		ip_version = sock_unmap(local, remote, zero, blind);
	} else {
		sock_put_v4(local, SOCK_GET(probed, tp, SOCK_COMMON.skc_rcv_saddr), zero);
		sock_put_v4(remote, SOCK_GET(probed, tp, SOCK_COMMON.skc_daddr), zero);
	}
	sock_store_addresses(t, ip_version, local, remote);
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

/* Everything about the transition that the socket itself tells, but its network namespace; the rest is zero. */
static __always_inline void sock_read(struct transition *t, struct tcp_sock *tp, __u32 oldstate, __u32 newstate)
{
	__u64 zero = opaque_zero(newstate);

	sock_clear(t, zero);
	t->oldstate = oldstate;
	t->newstate = newstate;
	sock_read_addresses(t, tp, zero, false, false);
	t->skaddr = (__u64)(unsigned long)tp;
	t->lport = sock_lport(tp, false, t->newstate == STATE_CLOSE);
	t->rport = sock_rport(tp, false);
	t->ifindex = sock_ifindex(tp, false);
}

/*
 * While a process holds the socket's lock, softirqs leave the socket alone: `owned` proves that the current task is
 * using it. It may be using it from outside, though: tcp_abort() (ss -K) leaves ECONNABORTED, and closes a listener
 * without shutting it down.
 */
static __always_inline enum sock_context sock_context_of(const struct transition *t, struct tcp_sock *tp)
{
	if (!tp->SOCK_BASE.sk_lock.owned)
		return CONTEXT_ANY;
	if (t->newstate == STATE_CLOSE) {
		if (tp->SOCK_BASE.sk_err == ECONNABORTED)
			return CONTEXT_ANY;
		if (t->oldstate == STATE_LISTEN && tp->SOCK_BASE.sk_shutdown != SHUTDOWN_MASK)
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
