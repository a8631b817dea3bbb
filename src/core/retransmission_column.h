/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes the columns that only retransmissions have; core/column.c has them in its table. And the words for kinds. */
#ifndef TCPVITALS_CORE_RETRANSMISSION_COLUMN_H
#define TCPVITALS_CORE_RETRANSMISSION_COLUMN_H

#include "core/append.h"
#include "core/column.h"

/* Returns "RTO", "fast", "TLP", "SYN" or "SYN-ACK"; an empty label for an unknown kind. */
const struct label *retransmission_kind_label(unsigned int kind);

#define COLUMN_OF_RETRANSMISSION(id, name, function, width)                                                            \
	char *retransmission_column_##function(char *at, struct row *row);
RETRANSMISSION_COLUMNS(COLUMN_OF_RETRANSMISSION)
#undef COLUMN_OF_RETRANSMISSION

#endif
