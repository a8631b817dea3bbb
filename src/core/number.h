/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers with decimals, without printf: independent of the locale, and in a buffer that the caller owns. */
#ifndef TCPVITALS_CORE_NUMBER_H
#define TCPVITALS_CORE_NUMBER_H

#include "core/strbuf.h"

#include <stdint.h>

#define NUMBER_DECIMALS_MAX 9

/*
 * With that many decimals, 0 to NUMBER_DECIMALS_MAX, rounded half up: 812.36, 1 -> "812.4". What is negative or not a
 * number is written as 0, 2^64 and more as 2^64 - 1.
 */
void number_append(struct strbuf *out, double value, unsigned int decimals);

/* The same without zeros at the end: 812.0, 1 -> "812". */
void number_append_short(struct strbuf *out, double value, unsigned int decimals);

#endif
