/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads the facts that a socket shows about the end of its connection. */
#ifndef TCPVITALS_BPF_READ_CAUSE_H
#define TCPVITALS_BPF_READ_CAUSE_H

#include "bpf/kernel.bpf.h"

#include "abi/cause.h"
#include "bpf/read/sock.bpf.h"

/*
 * Returns `bit` if `value` is not 0, without a branch. The verifier follows each branch with all later ones: seventeen
 * branches would be 131,072 paths through the program. The barriers keep the compiler from making a branch.
 */
static __always_inline __u32 cause_bit(__u32 bit, __u64 value)
{
	barrier_var(value);
	value |= -value;
	barrier_var(value);
	return (value >> 63) * bit;
}

/* A global function: the verifier verifies it once, with unknown arguments, not once for each path to the call. */
__noinline int cause_judge(__u32 bits, __u32 error, __u32 oldstate)
{
	const struct cause_facts facts = {.bits = bits, .error = error, .oldstate = oldstate};

	return cause_decide(&facts);
}

/* Returns the cause of a transition to CLOSE. */
static __always_inline enum cause cause_read(struct tcp_sock *tp, __u8 oldstate)
{
	unsigned long flags = tp->SOCK_COMMON.skc_flags;
	__u32 done = flags >> SOCK_DONE_BIT & 1;
	__u32 unread = tp->rcv_nxt - tp->copied_seq - done; /* the FIN has a sequence number, too */
	__u32 open = ~tp->SOCK_BASE.sk_shutdown & SHUTDOWN_MASK;
	__u32 bits = 0;

	bits |= cause_bit(CAUSE_IS_OWNED, tp->SOCK_BASE.sk_lock.owned);
	bits |= cause_bit(CAUSE_IS_DEAD, flags & 1UL << SOCK_DEAD_BIT);
	bits |= cause_bit(CAUSE_HAS_FIN, done);
	bits |= tp->SOCK_BASE.sk_socket ? CAUSE_HAS_FILE : 0; /* no arithmetic with pointers */
	bits |= CAUSE_IS_CLOSING ^ cause_bit(CAUSE_IS_CLOSING, open);
	bits |= CAUSE_IS_ACKED ^ cause_bit(CAUSE_IS_ACKED, tp->snd_una ^ tp->write_seq);
	bits |= cause_bit(CAUSE_HAS_SENT, tp->segs_out);
	bits |= cause_bit(CAUSE_HAS_UNREAD, unread * (1 - (unread >> 31))); /* 0 when negative */
	bits |= cause_bit(CAUSE_RESETS_IN_FIN, (__u32)tp->linger2 >> 31);
	bits |= cause_bit(CAUSE_IS_RETRANSMITTING, tp->inet_conn.icsk_retransmits);
	bits |= cause_bit(CAUSE_IS_PROBING, tp->inet_conn.icsk_probes_out);
	bits |= cause_bit(CAUSE_HAS_UNSENT, tp->write_seq ^ tp->snd_nxt);
	bits |= cause_bit(CAUSE_HAS_USER_TIMEOUT, tp->inet_conn.icsk_user_timeout);
	bits |= cause_bit(CAUSE_IS_REPAIRED, BPF_CORE_READ_BITFIELD(tp, repair));
	bits |= cause_bit(CAUSE_HAS_PORT, tp->SOCK_INET.inet_sport);
	bits |= cause_bit(CAUSE_IS_BOUND, tp->SOCK_COMMON.skc_num);
	bits |= cause_bit(CAUSE_HAS_SEQUENCE, tp->write_seq);
	return cause_judge(bits, tp->SOCK_BASE.sk_err, oldstate);
}

#endif
