/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes retransmissions (tcpstates --retransmits), one line each, in every format. */
#ifndef TCPVITALS_OUTPUT_RETRANSMISSION_H
#define TCPVITALS_OUTPUT_RETRANSMISSION_H

#include "abi/retransmission.h"
#include "core/column.h"
#include "core/strbuf.h"
#include "core/timestamp.h"

/* Text and CSV, with the columns of column_list_retransmissions() or of -O. `names` may be NULL. */
void retransmission_text(struct strbuf *out, const struct column_list *columns, enum column_style style,
			 const struct retransmission *retransmission, const struct names *names,
			 const struct timebase *base);
void retransmission_csv(struct strbuf *out, const struct column_list *columns,
			const struct retransmission *retransmission, const struct names *names,
			const struct timebase *base);

/* {"v":1,"type":"retransmission",...} and a newline, as in tcpvitals-json(5). */
void retransmission_json(struct strbuf *out, const struct retransmission *retransmission, const struct timebase *base);

#endif
