/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TCPVITALS_CORE_CAUSE_H
#define TCPVITALS_CORE_CAUSE_H

#include "abi/cause.h"
#include "core/append.h"

/* "fin-remote", "timeout-keepalive" and so on; "unknown" for any number that is none, NULL for CAUSE_NONE. */
const char *cause_name(unsigned int cause);

/* The same, and nothing for CAUSE_NONE. */
char *cause_append(char *at, unsigned int cause);

#endif
