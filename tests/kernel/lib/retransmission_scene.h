/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Segments that get lost on test_wire, and tcpstates --retransmits, whose rows are compared with /proc/net/snmp. */
#ifndef TESTS_KERNEL_RETRANSMISSION_SCENE_H
#define TESTS_KERNEL_RETRANSMISSION_SCENE_H

#include <stdint.h>

#include "retransmission_rows.h"
#include "run_base.h"
#include "wire_pair.h"

/* The memory of a socket, an option of the tool. */
#define RETRANSMISSION_BY_STORAGE "--storage=socket"
#define RETRANSMISSION_BY_HASH    "--storage=hash"

/* Opens test_wire. Skips the test where this machine cannot do that, or has no such storage. */
void retransmission_open_wire(const char *storage);

/* Starts a tool that shows everything that is sent again over the wire. */
struct tool *retransmission_start(struct run_base *base, const char *storage);

/*
 * Call when no segment is unacknowledged. Stops the tool and reads its rows. Fails the test unless the kernel has
 * counted (RetransSegs) the segments of all rows, and no other ones.
 */
void retransmission_stop(struct tool *tool, struct retransmission_rows *ret);

/* The first SYN is lost, then the first SYN-ACK. */
void retransmission_play_handshake(struct wire_pair *pair);

/* A segment of a byte is lost, then the loss probe, and the retransmission comes after the timeout. */
void retransmission_play_data(const struct wire_pair *pair);

void retransmission_close_pair(const struct wire_pair *pair);

/* The segments that the socket has sent again, by TCP_INFO. */
uint32_t retransmission_total(int fd);

#endif
