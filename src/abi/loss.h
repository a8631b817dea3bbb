/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counters of the kernel side: one per place where an event or what is known about it can get lost. */
#ifndef TCPVITALS_ABI_LOSS_H
#define TCPVITALS_ABI_LOSS_H

#include "abi/types.h"

/* They only grow; user space reads them through the memory-mapped .bss. */
struct kernel_losses {
	__u64 ring_full;     /* events: no room in the ring buffer */
	__u64 summary_full;  /* events of --summary: no room for their kind, or their time in no slot */
	__u64 storage_full;  /* sockets whose state and owner could not be kept: their rows show "-" instead */
	__u64 unjudged;      /* the same, where whether they are in scope depends on that */
	__u64 unstored;      /* events that the first program recorded without storage: the second one lets them be */
	__u64 unrecovered;   /* events that the second one could not record: lost if the first was skipped, too */
	__u64 held;          /* rows that wait for their port to be known; the one counter that also shrinks */
	__u64 held_lost;     /* of those, rows whose port never became known: the transition after them was missed */
	__u64 gaps;          /* transitions out of a state that was not the last one seen: one before was missed */
	__u64 unclosed;      /* sockets that went without a transition to CLOSE that was seen */
	__u64 recovered;     /* events that the first program was skipped for and the second one recorded: not lost */
	__u64 accept_missed; /* connections that a process has that was not seen accepting them */
	__u64 accept_full;   /* connections whose accepting process found no room on the way to them */
};

#endif
