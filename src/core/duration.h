/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TCPVITALS_CORE_DURATION_H
#define TCPVITALS_CORE_DURATION_H

#include "core/strbuf.h"

#include <stdint.h>

/* Nanoseconds as milliseconds with three decimals, rounded half up: 1373499 -> "1.373". Not for DURATION_UNKNOWN. */
void duration_format_ms(struct strbuf *out, uint64_t ns);

/* Nanoseconds as microseconds with three decimals, exact: 1373499 -> "1373.499". Not for DURATION_UNKNOWN. */
void duration_format_us(struct strbuf *out, uint64_t ns);

/* Nanoseconds as seconds with six decimals, rounded down. */
void duration_format_s(struct strbuf *out, uint64_t ns);

#endif
