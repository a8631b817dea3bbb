/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Kinds of output that the BPF programs produce from the sockets that they track. */
#ifndef TCPVITALS_ABI_EMIT_H
#define TCPVITALS_ABI_EMIT_H

/* Bits, which may be combined. A constant of the loaded programs (`emits`). */
enum emit {
	EMIT_ROWS = 1 << 0,        /* each transition: struct transition in a ring buffer */
	EMIT_COUNTS = 1 << 1,      /* number and durations of each kind of transition: struct summary */
	EMIT_CONNECTIONS = 1 << 2, /* each connection at its end: struct connection in a ring buffer */
	EMIT_SCANS = 1 << 3,       /* stored states, at a scan: struct transition in a ring buffer */
	EMIT_SAMPLES = 1 << 4,     /* round-trip times: histograms */
	EMIT_METRICS = 1 << 5,     /* counters and histograms for the exporter, samples of EMIT_SAMPLES included */
	EMIT_SNAPSHOTS = 1 << 6,   /* all open connections at one moment: struct connection, read from an iterator */
	EMIT_RETRANSMISSIONS = 1 << 7, /* each segment that is sent again: struct retransmission in a ring buffer */
	EMIT_LISTENERS = 1 << 8,       /* all listeners at one moment: struct listener_record, read from an iterator */
};

#endif
