/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names of the causes in abi/cause.h. */
#ifndef TCPVITALS_CORE_CAUSE_H
#define TCPVITALS_CORE_CAUSE_H

#include "abi/cause.h"
#include "core/append.h"

/* Returns the name, such as "fin-remote". NULL for CAUSE_NONE, "unknown" for a number outside enum cause. */
const char *cause_name(unsigned int cause);

/* Appends the name as core/append.h describes; nothing for CAUSE_NONE. */
char *cause_append(char *at, unsigned int cause);

#endif
