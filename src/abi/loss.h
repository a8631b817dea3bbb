/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Loss counters of the BPF side: one for each place that can lose an event, or data about an event. */
#ifndef TCPVITALS_ABI_LOSS_H
#define TCPVITALS_ABI_LOSS_H

#include "abi/types.h"

/* All counters only grow, except `held`. User space reads them through the memory-mapped .bss. */
struct kernel_losses {
	__u64 ring_full;     /* events: no room in the ring buffer */
	__u64 summary_full;  /* events of --summary: no room for their kind */
	__u64 storage_full;  /* sockets without memory for state and owner: their rows show "-" instead */
	__u64 unjudged;      /* the same, where the scope depends on owner or role */
	__u64 unstored;      /* events that the first program recorded without memory: the second ignores them */
	__u64 unrecovered;   /* events that the second program could not record: lost if the first was skipped, too */
	__u64 held;          /* rows that wait for their port; the only counter that also shrinks */
	__u64 held_lost;     /* held rows whose port stays unknown: the transition after them was missed */
	__u64 gaps;          /* transitions out of a state that is not the last one seen: an earlier one was missed */
	__u64 unclosed;      /* sockets destroyed without a seen transition to CLOSE */
	__u64 recovered;     /* events that the second program recorded because the first was skipped: not lost */
	__u64 accept_missed; /* connections of a process whose accept() was not seen */
	__u64 accept_full;   /* connections whose accepting process found no room in the map `accepted` */
};

#endif
