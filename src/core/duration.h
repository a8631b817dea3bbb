/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Text of a duration. Functions with _append_ write as core/append.h describes; functions with _format_ append to
 * `out`.
 */
#ifndef TCPVITALS_CORE_DURATION_H
#define TCPVITALS_CORE_DURATION_H

#include "core/append.h"
#include "core/strbuf.h"

#include <stdint.h>

/* Bytes of the longest text: 2^64 - 1 ns in microseconds have 17 digits, the point and three decimals. */
#define DURATION_TEXT_MAX 21

/* Nanoseconds as milliseconds with three decimals, rounded half up: 1373499 -> "1.373". Not for DURATION_UNKNOWN. */
char *duration_append_ms(char *at, uint64_t ns);
void duration_format_ms(struct strbuf *out, uint64_t ns);

/* Nanoseconds as microseconds with three decimals, exact: 1373499 -> "1373.499". Not for DURATION_UNKNOWN. */
char *duration_append_us(char *at, uint64_t ns);
void duration_format_us(struct strbuf *out, uint64_t ns);

/* Nanoseconds as seconds with six decimals, rounded down. */
char *duration_append_s(char *at, uint64_t ns);
void duration_format_s(struct strbuf *out, uint64_t ns);

#endif
