/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Number and durations of transitions per kind, collected in the kernel (tcpstates --summary). */
#ifndef TCPVITALS_ABI_SUMMARY_H
#define TCPVITALS_ABI_SUMMARY_H

#include "abi/histogram.h"
#include "abi/types.h"

/* More kinds of transitions than TCP has (RFC 9293, figure 5) together with the kernel's own. */
#define SUMMARY_KINDS_MAX 64

/* Key of the map `summaries`. */
struct summary_kind {
	__u8 oldstate; /* enum tcp_state */
	__u8 newstate;
	__u8 pad[2];
};

/* Value of the map, one for each CPU. Counters only grow: an interval is the difference of two readings. */
struct summary {
	__u64 unknown;          /* transitions of unknown duration */
	struct histogram times; /* other transitions: time in the old state, in us */
};

#endif
