/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers with decimals, without printf(): independent of the locale, in a buffer that the caller owns. */
#ifndef TCPVITALS_CORE_NUMBER_H
#define TCPVITALS_CORE_NUMBER_H

#include "core/strbuf.h"

#include <stdint.h>

#define NUMBER_DECIMALS_MAX 9

/*
 * Appends `value` with `decimals` decimals (0 to NUMBER_DECIMALS_MAX), rounded half up: 812.36, 1 -> "812.4". A
 * negative value and NaN become 0; 2^64 and more become 2^64 - 1.
 */
void number_append(struct strbuf *out, double value, unsigned int decimals);

/* number_append() without zeros at the end: 812.0, 1 -> "812". */
void number_append_short(struct strbuf *out, double value, unsigned int decimals);

#endif
