/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ICMP errors of a router on a wire. */
#ifndef TESTS_KERNEL_ICMP_H
#define TESTS_KERNEL_ICMP_H

#include <stdint.h>

#include "wire.h"

/*
 * Takes the packet that the left end has just sent, and answers that its destination is unreachable. `code` is one of
 * ICMP_DEST_UNREACH; `mtu` is for ICMP_FRAG_NEEDED, else 0.
 */
void icmp_answer_unreachable(const struct wire *wire, uint8_t code, uint16_t mtu);

#endif
