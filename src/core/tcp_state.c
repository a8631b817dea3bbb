/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/tcp_state.h"

#include <stddef.h>

/* Room for a NUL and, in the table's last byte, the length. */
#define NAME_SIZE 16

#define NAME(name)                                                                                                     \
	{                                                                                                              \
		name, sizeof(name) - 1                                                                                 \
	}

static const struct {
	char text[NAME_SIZE - 1];
	uint8_t length;
} names[] = {
	[STATE_ESTABLISHED] = NAME("ESTABLISHED"),
	[STATE_SYN_SENT] = NAME("SYN_SENT"),
	[STATE_SYN_RECV] = NAME("SYN_RECV"),
	[STATE_FIN_WAIT1] = NAME("FIN_WAIT1"),
	[STATE_FIN_WAIT2] = NAME("FIN_WAIT2"),
	[STATE_TIME_WAIT] = NAME("TIME_WAIT"),
	[STATE_CLOSE] = NAME("CLOSE"),
	[STATE_CLOSE_WAIT] = NAME("CLOSE_WAIT"),
	[STATE_LAST_ACK] = NAME("LAST_ACK"),
	[STATE_LISTEN] = NAME("LISTEN"),
	[STATE_CLOSING] = NAME("CLOSING"),
	[STATE_NEW_SYN_RECV] = NAME("NEW_SYN_RECV"),
	[STATE_BOUND_INACTIVE] = NAME("BOUND_INACTIVE"),
};

#define NAMES (sizeof(names) / sizeof(names[0]))

const char *tcp_state_name(unsigned int state)
{
	return state < NAMES && names[state].length ? names[state].text : NULL;
}

void tcp_state_format(struct strbuf *out, unsigned int state)
{
	if (state >= NAMES || !names[state].length)
		strbuf_append_u64(out, state);
	else
		strbuf_append_short(out, names[state].text, names[state].length, sizeof(names[state].text));
}
