/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Times per kind of transition, collected in the kernel: tcpstates --summary. */
#ifndef TCPVITALS_ABI_SUMMARY_H
#define TCPVITALS_ABI_SUMMARY_H

#include "abi/histogram.h"
#include "abi/types.h"

/* More kinds than TCP has (RFC 9293, figure 5, and the kernel's own). */
#define SUMMARY_KINDS_MAX 64

/* A map's key. */
struct summary_kind {
	__u8 oldstate; /* enum tcp_state */
	__u8 newstate;
	__u8 pad[2];
};

/* Its value, one for each CPU. Counters only grow: an interval is the difference of two readings. */
struct summary {
	__u64 unknown;          /* transitions whose duration is not known */
	struct histogram times; /* the others': time in the old state, in microseconds */
};

#endif
