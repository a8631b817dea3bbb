/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The values of the columns that only listeners have (LISTENER_COLUMNS), for the table of core/column.c. */
#ifndef TCPVITALS_CORE_LISTENER_COLUMN_H
#define TCPVITALS_CORE_LISTENER_COLUMN_H

#include "core/column.h"

#define LISTENER_COLUMN(id, name, function, width) char *listener_column_##function(char *at, struct row *row);
LISTENER_COLUMNS(LISTENER_COLUMN)
#undef LISTENER_COLUMN

#endif
