/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes the columns that only connections have; core/column.c has them in its table. */
#ifndef TCPVITALS_CORE_CONNECTION_COLUMN_H
#define TCPVITALS_CORE_CONNECTION_COLUMN_H

#include "core/append.h"
#include "core/column.h"

static inline char *column_append_unknown(char *at, const struct row *row)
{
	*at = '-';
	return at + (row->style != COLUMN_STYLE_CSV);
}

static inline char *column_append_known(char *at, const struct row *row, bool known, uint64_t value)
{
	return known ? append_u64(at, value) : column_append_unknown(at, row);
}

#define COLUMN_OF_CONNECTION(id, name, function, width) char *connection_column_##function(char *at, struct row *row);
CONNECTION_COLUMNS(COLUMN_OF_CONNECTION)
#undef COLUMN_OF_CONNECTION

#endif
