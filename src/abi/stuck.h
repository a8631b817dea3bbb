/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Connections that stay in a state: what tcpstates --stuck asks for, and what can be said of a state's age. */
#ifndef TCPVITALS_ABI_STUCK_H
#define TCPVITALS_ABI_STUCK_H

#include "abi/tcp_state.h"
#include "abi/types.h"

/* A program's constant. All zeros: nobody asks. */
struct stuck_settings {
	__u64 longer_ns; /* the least age in the state */
	__u16 states;    /* 1 << enum tcp_state */
	__u8 once;       /* bool: each connection is shown once */
	__u8 pad[5];
};

/* One look at all connections: user space writes the first two before it, the program counts. */
struct stuck_scan {
	__u64 time_ns;   /* now, CLOCK_MONOTONIC */
	__u64 is_last;   /* bool: those whose age cannot be told are shown, too */
	__u64 found;     /* rows of stuck connections that were due; only grows */
	__u64 undecided; /* of this look: in the state, perhaps for long enough */
	__u64 unjudged;  /* of this look: stuck, but nobody knows whether in scope: its owner or role is not known */
};

/* What there is to say about the age of a state that was not seen beginning. */
struct stuck_clocks {
	__u64 time_ns;   /* now; all these are CLOCK_MONOTONIC */
	__u64 found_ns;  /* it was in the state then, and no transition has been seen since */
	__u64 mstamp_us; /* tp->tcp_mstamp: the last segment received or sent, or a timer's turn; 0: none */
	__u32 syn_ms; /* tp->retrans_stamp in SYN_SENT: the first SYN, of its milliseconds the lower half; 0: not known
		       */
	__u8 state;   /* enum tcp_state */
};

/* The kernel reads its clock when it begins to process a segment, and changes the state somewhat later. */
#define STUCK_SLACK_NS 100000000ULL

/*
 * States that are entered while a segment is processed. The kernel has refreshed tcp_mstamp then, so that no such state
 * is younger than that. FIN_WAIT1 and LAST_ACK are entered by close(): that sends a FIN, which refreshes it as well,
 * except when memory is short, and a segment is on its way that can take the FIN when it is sent again
 * (tcp_send_fin()).
 */
static inline int stuck_began_with_segment(__u8 state)
{
	return state == STATE_ESTABLISHED || state == STATE_FIN_WAIT2 || state == STATE_CLOSE_WAIT ||
	       state == STATE_CLOSING;
}

/* A lower bound for the age, in ns. */
static inline __u64 stuck_least_ns(const struct stuck_clocks *clocks)
{
	__u64 least_ns = clocks->time_ns > clocks->found_ns ? clocks->time_ns - clocks->found_ns : 0;
	__u64 touched_ns = clocks->mstamp_us * 1000 + STUCK_SLACK_NS;
	__u32 syn_ms = (__u32)(clocks->time_ns / 1000000) - clocks->syn_ms - 1; /* both were rounded down */
	__u64 syn_ns = (__u64)syn_ms * 1000000;

	if (stuck_began_with_segment(clocks->state) && clocks->mstamp_us && clocks->time_ns > touched_ns &&
	    clocks->time_ns - touched_ns > least_ns)
		return clocks->time_ns - touched_ns;
	/* "Negative" when the SYN came after the look began. */
	if (clocks->state == STATE_SYN_SENT && clocks->syn_ms && syn_ms <= 0x7fffffff && syn_ns > least_ns)
		return syn_ns;
	return least_ns;
}

_Static_assert(sizeof(struct stuck_settings) == 16, "struct stuck_settings is a program's constant");
_Static_assert(sizeof(struct stuck_scan) == 40, "struct stuck_scan is in a program's memory");

#endif
