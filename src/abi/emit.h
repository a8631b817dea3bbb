/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TCPVITALS_ABI_EMIT_H
#define TCPVITALS_ABI_EMIT_H

/* Bits: what comes of the sockets that the programs track. A program's constant; several at once are possible. */
enum emit {
	EMIT_ROWS = 1 << 0,        /* each transition: struct transition in a ring */
	EMIT_COUNTS = 1 << 1,      /* transitions of each kind, counted: struct summary */
	EMIT_CONNECTIONS = 1 << 2, /* each connection at its end: struct connection in a ring */
	EMIT_SCANS = 1 << 3,   /* what is remembered, when a socket iterator comes by: struct transition in a ring */
	EMIT_SAMPLES = 1 << 4, /* round-trip times: histograms */
};

#endif
