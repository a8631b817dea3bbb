/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A probe as tcpstates --listeners opens it, for the listeners of a port. The witness is the kernel: TCP_INFO and
 * SO_MEMINFO of the listening socket.
 */
#ifndef TESTS_KERNEL_LISTENING_H
#define TESTS_KERNEL_LISTENING_H

#include <stdint.h>

#include "core/listener.h"
#include "probe/probe.h"
#include "traffic.h"

/* `family`: '4', '6', or 0 for both. One probe at a time. Skips the test where the kernel has no such storage. */
void listening_open(uint16_t port, char family, enum probe_storage storage, struct probe *ret);

/* Walks. Returns the only listener, or NULL if there are others or none. */
const struct listener_row *listening_walk(struct probe *probe, struct listener_table *table);

uint32_t listening_drops(int listener);
uint32_t listening_backlog(int listener, uint32_t *ret_limit);

/* Connects, and waits until so many are in the accept queue. Returns the client. */
int listening_connect(int listener, enum flavour flavour, uint16_t port, uint32_t backlog);

/* Compares the row with the witness. */
void listening_check_kernel(const struct listener_row *row, int listener);
void listening_check(const struct listener_row *row, uint32_t queued, uint32_t accepted, uint32_t highest,
		     uint32_t highest_ever, enum listener_overflow overflow);

/* The owner is this process. */
void listening_check_owner(const struct listener_row *row, enum owner_source source);

#endif
