/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers in HUMAN_MAX characters at most, for a screen: rounded, with a unit. */
#ifndef TCPVITALS_CORE_HUMAN_H
#define TCPVITALS_CORE_HUMAN_H

#include "core/strbuf.h"

#include <stdint.h>

#define HUMAN_MAX 5

/* "0", "999", "1.5K", "12K", "999K", "1.0M": below 1000 as it is, above in powers of 1024. For bytes. */
void human_bytes(struct strbuf *out, uint64_t bytes);

/* "999", "12.3K", "456K", "7.9M": in powers of 1000. For counts. */
void human_count(struct strbuf *out, uint64_t count);

/* "12us", "999us", "1.2ms", "123ms", "1.2s", "59s", "12m", "23h", "365d", "9999d" at most. */
void human_duration(struct strbuf *out, uint64_t ns);

#endif
