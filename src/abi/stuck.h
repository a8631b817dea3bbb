/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Connections that stay in a state (tcpstates --stuck): the settings, the counters of a scan, and a lower bound for the
 * age of a state.
 */
#ifndef TCPVITALS_ABI_STUCK_H
#define TCPVITALS_ABI_STUCK_H

#include "abi/tcp_state.h"
#include "abi/types.h"

/* A constant of the loaded program. All zero without --stuck. */
struct stuck_settings {
	__u64 longer_ns; /* least age of the state */
	__u16 states;    /* 1 << enum tcp_state */
	__u8 once;       /* bool: show each connection once */
	__u8 pad[5];
};

/* One scan of all connections. User space writes time_ns and is_last before the scan, and the program counts. */
struct stuck_scan {
	__u64 time_ns;   /* time of the scan, CLOCK_MONOTONIC */
	__u64 is_last;   /* bool: also show connections whose age cannot be decided */
	__u64 found;     /* rows of stuck connections that were due; only grows */
	__u64 undecided; /* of this scan: connections perhaps in the state for long enough */
	__u64 unjudged;  /* of this scan: stuck connections, perhaps out of scope: owner or role is unknown */
};

/* Evidence of the age of a state whose beginning was not seen. */
struct stuck_clocks {
	__u64 time_ns;   /* now; all of these are CLOCK_MONOTONIC */
	__u64 found_ns;  /* when the socket was found in the state; no transition was seen since */
	__u64 mstamp_us; /* tp->tcp_mstamp: last segment received or sent, or last timer; 0: none */
	__u32 syn_ms;    /* tp->retrans_stamp in SYN_SENT: the first SYN, lower half of its milliseconds; 0: unknown */
	__u8 state;      /* enum tcp_state */
};

/* The kernel reads its clock when it begins to process a segment, and changes the state somewhat later. */
#define STUCK_SLACK_NS 100000000ULL

/*
 * Whether the kernel enters `state` while it processes a segment. The kernel refreshes tcp_mstamp first, so such a
 * state is no younger than tcp_mstamp. close() enters FIN_WAIT1 and LAST_ACK, and sends a FIN, which also refreshes
 * tcp_mstamp. There is one exception, when memory is short: a segment already sent takes the FIN along when it is sent
 * again (tcp_send_fin()).
 */
static inline int stuck_began_with_segment(__u8 state)
{
	return state == STATE_ESTABLISHED || state == STATE_FIN_WAIT2 || state == STATE_CLOSE_WAIT ||
	       state == STATE_CLOSING;
}

/* Returns a lower bound for the age of the state, in ns. */
static inline __u64 stuck_least_ns(const struct stuck_clocks *clocks)
{
	__u64 least_ns = clocks->time_ns > clocks->found_ns ? clocks->time_ns - clocks->found_ns : 0;
	__u64 touched_ns = clocks->mstamp_us * 1000 + STUCK_SLACK_NS;
	__u32 syn_ms = (__u32)(clocks->time_ns / 1000000) - clocks->syn_ms - 1; /* both times are rounded down */
	__u64 syn_ns = (__u64)syn_ms * 1000000;

	if (stuck_began_with_segment(clocks->state) && clocks->mstamp_us && clocks->time_ns > touched_ns &&
	    clocks->time_ns - touched_ns > least_ns)
		return clocks->time_ns - touched_ns;
	/* syn_ms is "negative" when the SYN was sent after the scan began. */
	if (clocks->state == STATE_SYN_SENT && clocks->syn_ms && syn_ms <= 0x7fffffff && syn_ns > least_ns)
		return syn_ns;
	return least_ns;
}

_Static_assert(sizeof(struct stuck_settings) == 16, "struct stuck_settings is a program's constant");
_Static_assert(sizeof(struct stuck_scan) == 40, "struct stuck_scan is in a program's memory");

#endif
