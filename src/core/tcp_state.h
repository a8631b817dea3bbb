/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TCPVITALS_CORE_TCP_STATE_H
#define TCPVITALS_CORE_TCP_STATE_H

#include "abi/tcp_state.h"
#include "core/append.h"
#include "core/strbuf.h"

/* BOUND_INACTIVE */
#define TCP_STATE_TEXT_MAX 14

/* The kernel's name without TCP_ ("ESTABLISHED"), or NULL for a number that is no known state. */
const char *tcp_state_name(unsigned int state);

/* The name, or the number in decimal if it has none. */
char *tcp_state_append(char *at, unsigned int state);
void tcp_state_format(struct strbuf *out, unsigned int state);

#endif
