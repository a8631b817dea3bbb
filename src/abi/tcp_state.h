/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* TCP states (RFC 9293, section 3.3.2) with the kernel's numbers (include/net/tcp_states.h). */
#ifndef TCPVITALS_ABI_TCP_STATE_H
#define TCPVITALS_ABI_TCP_STATE_H

/* The names do not begin with TCP_: a full vmlinux.h defines such names for the BPF side. */
enum tcp_state {
	STATE_ESTABLISHED = 1,
	STATE_SYN_SENT = 2,
	STATE_SYN_RECV = 3,
	STATE_FIN_WAIT1 = 4,
	STATE_FIN_WAIT2 = 5,
	STATE_TIME_WAIT = 6,
	STATE_CLOSE = 7,
	STATE_CLOSE_WAIT = 8,
	STATE_LAST_ACK = 9,
	STATE_LISTEN = 10,
	STATE_CLOSING = 11,
	STATE_NEW_SYN_RECV = 12,
	STATE_BOUND_INACTIVE = 13, /* 6.8 and newer */
};

#endif
