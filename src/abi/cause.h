/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Decides why a connection ended, from the facts that the socket shows at its transition to CLOSE. cause_decide() is a
 * pure function: the BPF side calls it, and a unit test runs it over all of its input. The kernel functions named here
 * are those of Linux 6.18 (net/ipv4).
 */
#ifndef TCPVITALS_ABI_CAUSE_H
#define TCPVITALS_ABI_CAUSE_H

#include "abi/tcp_state.h"
#include "abi/types.h"

enum cause {
	CAUSE_NONE,                   /* the transition ends no connection, or the socket is unknown */
	CAUSE_UNKNOWN,                /* an end that no other cause explains */
	CAUSE_FIN_LOCAL,              /* orderly, this side first; in connection records only */
	CAUSE_FIN_REMOTE,             /* orderly, the other side first */
	CAUSE_FIN_BOTH,               /* orderly, both sides at once; in connection records only */
	CAUSE_RESET_SENT,             /* this side gave up waiting in FIN_WAIT2 (TCP_LINGER2 < 0) and sent a reset */
	CAUSE_RESET_RECEIVED,         /* the other side sent a reset, or data that no process was left to read */
	CAUSE_REFUSED,                /* a reset or ICMP port unreachable answered connect() */
	CAUSE_TIMEOUT,                /* a timeout that no cause below names */
	CAUSE_TIMEOUT_CONNECT,        /* no answer to the SYNs */
	CAUSE_TIMEOUT_RETRANSMISSION, /* no acknowledgement of data or FIN */
	CAUSE_TIMEOUT_PROBE,          /* no answer to zero-window probes */
	CAUSE_TIMEOUT_KEEPALIVE,      /* no answer to keepalive probes */
	CAUSE_TIMEOUT_USER,           /* TCP_USER_TIMEOUT */
	CAUSE_ABORTED,                /* this side reset the connection: SO_LINGER of 0, connect(AF_UNSPEC), ss -K */
	CAUSE_TIME_WAIT,              /* orderly, this side first or both at once: TIME_WAIT goes on without a socket */
	CAUSE_FIN_WAIT2_ORPHAN,       /* closed here: the wait for the other side's FIN goes on without a socket */
	CAUSE_ABANDONED,              /* closed here before connect() was answered */
	CAUSE_UNREAD_DATA,            /* closed here with unread data: a reset, by RFC 2525 section 2.17 */
	CAUSE_UNREACHABLE,            /* ICMP reported it, or the route is gone */
	CAUSE_LOCAL_ERROR,            /* connect() failed here in another way, or another error of this host */
	CAUSE_OUT_OF_MEMORY,          /* too many orphans, or no memory for them (tcp_check_oom()) */
	CAUSE_LISTENER_CLOSED,        /* never accepted, and the listener is closed */
	CAUSE_CLOSED,                 /* a listening socket was closed or shut down */
	CAUSE_REPAIR,                 /* closed in repair mode (TCP_REPAIR, as CRIU does): nothing is sent */
	CAUSE_NO_PORT,                /* connect() found no free local port */
	CAUSE_ADDRESS_IN_USE,         /* connect() from a bound port: that pair of addresses is in use */
	CAUSES
};

/* Facts that the socket shows: bits of cause_facts.bits. */
enum {
	CAUSE_IS_OWNED = 1 << 0,          /* a process holds its lock (sk_lock.owned) */
	CAUSE_IS_DEAD = 1 << 1,           /* an orphan (SOCK_DEAD) */
	CAUSE_HAS_FIN = 1 << 2,           /* the other side's FIN has arrived (SOCK_DONE) */
	CAUSE_HAS_FILE = 1 << 3,          /* sk_socket is set: accepted or connecting, and not closed yet */
	CAUSE_IS_CLOSING = 1 << 4,        /* both directions are shut down, by close() or by shutdown() */
	CAUSE_IS_ACKED = 1 << 5,          /* everything sent is acknowledged, the FIN included */
	CAUSE_HAS_SENT = 1 << 6,          /* at least one segment */
	CAUSE_HAS_UNREAD = 1 << 7,        /* received data that no process has read */
	CAUSE_RESETS_IN_FIN = 1 << 8,     /* TCP_LINGER2 < 0 */
	CAUSE_IS_RETRANSMITTING = 1 << 9, /* icsk_retransmits */
	CAUSE_IS_PROBING = 1 << 10,       /* icsk_probes_out */
	CAUSE_HAS_UNSENT = 1 << 11,       /* data that did not fit into the other side's window */
	CAUSE_HAS_USER_TIMEOUT = 1 << 12, /* icsk_user_timeout */
	CAUSE_IS_REPAIRED = 1 << 13,      /* in repair mode */
	CAUSE_HAS_PORT = 1 << 14,         /* has a local port from bind() or connect(), perhaps released already */
	CAUSE_IS_BOUND = 1 << 15,         /* has its port from bind(), and keeps it without a connection */
	CAUSE_HAS_SEQUENCE = 1 << 16,     /* this or an earlier connect() has chosen a sequence number */
	CAUSE_BITS = 1 << 17
};

struct cause_facts {
	__u32 bits;
	__u32 error; /* sk_err, 0 without one */
	__u8 oldstate;
};

/* errno numbers of asm-generic/errno.h: the same on x86 and arm64. */
enum {
	CAUSE_EACCES = 13,
	CAUSE_EPIPE = 32,
	CAUSE_ENONET = 64,
	CAUSE_EPROTO = 71,
	CAUSE_ENOPROTOOPT = 92,
	CAUSE_EOPNOTSUPP = 95,
	CAUSE_ENETDOWN = 100,
	CAUSE_ENETUNREACH = 101,
	CAUSE_ECONNABORTED = 103,
	CAUSE_ECONNRESET = 104,
	CAUSE_ETIMEDOUT = 110,
	CAUSE_ECONNREFUSED = 111,
	CAUSE_EHOSTDOWN = 112,
	CAUSE_EHOSTUNREACH = 113,
};

/*
 * Returns which timer gave up. tcp_write_err() has emptied the queue, but has not reset the counters. TCP_USER_TIMEOUT
 * replaces the other limits. TCP_USER_TIMEOUT needs no unanswered probe: a window that stays closed is enough. When a
 * window closes over data already sent, the kernel sends that data again without counting (tcp_retransmit_timer()).
 */
static inline enum cause cause_of_timeout(const struct cause_facts *facts)
{
	if (facts->oldstate == STATE_SYN_SENT)
		return CAUSE_TIMEOUT_CONNECT;
	if (facts->bits & CAUSE_HAS_USER_TIMEOUT)
		return CAUSE_TIMEOUT_USER;
	if (facts->bits & CAUSE_IS_RETRANSMITTING)
		return CAUSE_TIMEOUT_RETRANSMISSION;
	if (facts->bits & CAUSE_IS_PROBING)
		return facts->bits & CAUSE_HAS_UNSENT ? CAUSE_TIMEOUT_PROBE : CAUSE_TIMEOUT_KEEPALIVE;
	return facts->bits & CAUSE_IS_ACKED ? CAUSE_TIMEOUT : CAUSE_TIMEOUT_RETRANSMISSION;
}

static inline enum cause cause_of_error(const struct cause_facts *facts)
{
	switch (facts->error) {
	case CAUSE_ECONNABORTED: /* tcp_abort(): ss -K */
		return CAUSE_ABORTED;
	case CAUSE_ECONNREFUSED:
		/* On a connection: ICMP port unreachable, confirmed by failed retransmissions. */
		return facts->oldstate == STATE_SYN_SENT ? CAUSE_REFUSED : CAUSE_UNREACHABLE;
	case CAUSE_ECONNRESET:
	case CAUSE_EPIPE: /* tcp_reset() in CLOSE_WAIT */
		return CAUSE_RESET_RECEIVED;
	case CAUSE_ETIMEDOUT:
		return cause_of_timeout(facts);
	case CAUSE_EACCES: /* errors of icmp_err_convert[] and icmpv6_err_convert() */
	case CAUSE_ENONET:
	case CAUSE_EPROTO:
	case CAUSE_ENOPROTOOPT:
	case CAUSE_EOPNOTSUPP:
	case CAUSE_ENETDOWN:
	case CAUSE_ENETUNREACH:
	case CAUSE_EHOSTDOWN:
	case CAUSE_EHOSTUNREACH:
		return CAUSE_UNREACHABLE;
	default:
		return CAUSE_LOCAL_ERROR;
	}
}

/*
 * connect() failed between SYN_SENT and the SYN. tcp_v4_connect() and tcp_v6_connect() first find a port, or check that
 * the bound port is free. Then they choose a sequence number.
 */
static inline enum cause cause_of_connect(const struct cause_facts *facts)
{
	if (!(facts->bits & CAUSE_HAS_PORT))
		return CAUSE_NO_PORT;
	if (facts->bits & CAUSE_IS_BOUND && !(facts->bits & CAUSE_HAS_SEQUENCE))
		return CAUSE_ADDRESS_IN_USE;
	return CAUSE_LOCAL_ERROR;
}

/* A process ended the connection, in a system call on a socket that the process still holds. */
static inline enum cause cause_of_call(const struct cause_facts *facts)
{
	if (facts->oldstate == STATE_SYN_SENT && !(facts->bits & CAUSE_HAS_SENT))
		return cause_of_connect(facts);
	/* __tcp_close() checks for repair mode first. */
	if (facts->bits & CAUSE_IS_REPAIRED)
		return CAUSE_REPAIR;
	if (facts->oldstate == STATE_SYN_SENT)
		return CAUSE_ABANDONED;
	/* __tcp_close() checks for unread data before SO_LINGER. */
	if (facts->bits & CAUSE_IS_CLOSING && facts->bits & CAUSE_HAS_UNREAD)
		return CAUSE_UNREAD_DATA;
	return CAUSE_ABORTED;
}

/* No error, and no process uses the socket: a segment, a timer, close() of an orphan, or another socket's end. */
static inline enum cause cause_without_error(const struct cause_facts *facts)
{
	if (!(facts->bits & (CAUSE_IS_DEAD | CAUSE_HAS_FILE)))
		return CAUSE_LISTENER_CLOSED; /* inet_csk_listen_stop() */
	if (!(facts->bits & CAUSE_IS_DEAD))
		return CAUSE_UNKNOWN;
	switch (facts->oldstate) {
	case STATE_FIN_WAIT2:
		return facts->bits & CAUSE_RESETS_IN_FIN ? CAUSE_RESET_SENT : CAUSE_FIN_WAIT2_ORPHAN;
	case STATE_FIN_WAIT1:
	case STATE_CLOSING:
	case STATE_LAST_ACK:
		return CAUSE_OUT_OF_MEMORY;
	default:
		return CAUSE_UNKNOWN;
	}
}

/* Returns the cause of a transition to CLOSE. */
static inline enum cause cause_decide(const struct cause_facts *facts)
{
	/* The socket has ended before: ss -K on a listener, which the kernel closes twice (tcp_abort()). */
	if (facts->oldstate == STATE_CLOSE)
		return CAUSE_NONE;
	/* First the ends that need no error as an explanation: sk_err may be old, because no process has read it. */
	if (facts->oldstate == STATE_LISTEN)
		return CAUSE_CLOSED;
	if (facts->oldstate == STATE_LAST_ACK && facts->bits & CAUSE_IS_ACKED)
		return CAUSE_FIN_REMOTE;
	if (facts->oldstate == STATE_CLOSING && facts->bits & CAUSE_IS_ACKED)
		return CAUSE_TIME_WAIT;
	if (facts->oldstate == STATE_FIN_WAIT2 && facts->bits & CAUSE_HAS_FIN)
		return CAUSE_TIME_WAIT;
	if (facts->error)
		return cause_of_error(facts);
	/* __tcp_close() makes an orphan, keeps the lock, and then decides as a timer would. */
	if (facts->bits & CAUSE_IS_OWNED && !(facts->bits & CAUSE_IS_DEAD))
		return cause_of_call(facts);
	return cause_without_error(facts);
}

/*
 * Returns the cause of a whole connection: which side closed first, not how the kernel continues without the socket.
 * `cause` is the cause of the last transition, out of `oldstate`.
 */
static inline enum cause cause_of_connection(__u8 cause, __u8 oldstate)
{
	if (cause == CAUSE_TIME_WAIT)
		return oldstate == STATE_CLOSING ? CAUSE_FIN_BOTH : CAUSE_FIN_LOCAL;
	if (cause == CAUSE_FIN_WAIT2_ORPHAN)
		return CAUSE_FIN_LOCAL;
	return cause == CAUSE_NONE ? CAUSE_UNKNOWN : (enum cause)cause;
}

#endif
