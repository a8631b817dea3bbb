/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/retransmission_column.h"

#include "core/connection_column.h"

static const struct label kinds[RETRANSMISSION_KINDS] = {
	[RETRANSMISSION_FAST] = LABEL("fast"),       [RETRANSMISSION_TIMEOUT] = LABEL("RTO"),
	[RETRANSMISSION_PROBE] = LABEL("TLP"),       [RETRANSMISSION_SYN] = LABEL("SYN"),
	[RETRANSMISSION_SYN_ACK] = LABEL("SYN-ACK"),
};

const struct label *retransmission_kind_label(unsigned int kind)
{
	return &kinds[kind < RETRANSMISSION_KINDS ? kind : RETRANSMISSION_UNKNOWN];
}

char *retransmission_column_kind(char *at, struct row *row)
{
	const struct label *kind = retransmission_kind_label(row->retransmission->kind);

	return kind->length ? append_label(at, kind) : column_append_unknown(at, row);
}

char *retransmission_column_seqno(char *at, struct row *row)
{
	return append_u64(at, row->retransmission->seq);
}

char *retransmission_column_bytes(char *at, struct row *row)
{
	return append_u64(at, row->retransmission->bytes);
}

char *retransmission_column_segs(char *at, struct row *row)
{
	return append_u64(at, row->retransmission->segments);
}

char *retransmission_column_retrans_total(char *at, struct row *row)
{
	return append_u64(at, row->retransmission->total);
}
