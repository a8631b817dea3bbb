/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/listener_column.h"

#include "core/connection_column.h"
#include "core/listener.h"

#include <string.h>

/* A column with a number that is unknown where `known` is false. */
#define NUMBER(function, known, value)                                                                                 \
	char *listener_column_##function(char *at, struct row *row)                                                    \
	{                                                                                                              \
		const struct listener_row *l = row->listener;                                                          \
                                                                                                                       \
		return column_append_known(at, row, known, value);                                                     \
	}

NUMBER(backlog, true, l->now.backlog)
NUMBER(backlog_max, true, l->now.limit)
NUMBER(highest, true, l->highest_ever)
NUMBER(queued, listener_counts(l), l->queued)
NUMBER(accepted, listener_counts(l), l->accepted)
NUMBER(dropped, l->interval_ns, l->dropped)
NUMBER(drops, true, l->now.drops)
NUMBER(half_open, true, l->now.syn_recv)

/* With one decimal. */
char *listener_column_accept_rate(char *at, struct row *row)
{
	uint64_t tenths;

	if (!listener_counts(row->listener))
		return column_append_unknown(at, row);
	tenths = listener_accepted_tenths(row->listener);
	return append_small(append_char(append_u64(at, tenths / 10), '.'), tenths % 10);
}

static char *append_word(char *at, const char *word)
{
	return append_bytes(at, word, strlen(word));
}

/* "off" where net.ipv4.tcp_syncookies forbids them. */
char *listener_column_cookies(char *at, struct row *row)
{
	const struct listener_record *now = &row->listener->now;
	bool known, uses = listener_uses_cookies(now, &known);

	if (!now->syn_cookies && !uses)
		return append_word(at, "off");
	return known ? append_word(at, uses ? "yes" : "no") : column_append_unknown(at, row);
}

char *listener_column_overflow(char *at, struct row *row)
{
	return append_word(at, listener_overflow_name(row->listener->overflow));
}
