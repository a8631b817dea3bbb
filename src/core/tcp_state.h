/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names of the TCP states in abi/tcp_state.h. */
#ifndef TCPVITALS_CORE_TCP_STATE_H
#define TCPVITALS_CORE_TCP_STATE_H

#include "abi/tcp_state.h"
#include "core/append.h"
#include "core/strbuf.h"

/* Bytes of the longest name, BOUND_INACTIVE. */
#define TCP_STATE_TEXT_MAX 14

/* Returns the kernel's name without TCP_ ("ESTABLISHED"), or NULL for an unknown number. */
const char *tcp_state_name(unsigned int state);

/*
 * Write the name, or the number in decimal if it has none. tcp_state_append() writes as core/append.h describes;
 * tcp_state_format() appends to `out`.
 */
char *tcp_state_append(char *at, unsigned int state);
void tcp_state_format(struct strbuf *out, unsigned int state);

#endif
