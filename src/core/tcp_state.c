/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/tcp_state.h"

#include <stddef.h>

static const struct label names[] = {
	[STATE_ESTABLISHED] = LABEL("ESTABLISHED"),
	[STATE_SYN_SENT] = LABEL("SYN_SENT"),
	[STATE_SYN_RECV] = LABEL("SYN_RECV"),
	[STATE_FIN_WAIT1] = LABEL("FIN_WAIT1"),
	[STATE_FIN_WAIT2] = LABEL("FIN_WAIT2"),
	[STATE_TIME_WAIT] = LABEL("TIME_WAIT"),
	[STATE_CLOSE] = LABEL("CLOSE"),
	[STATE_CLOSE_WAIT] = LABEL("CLOSE_WAIT"),
	[STATE_LAST_ACK] = LABEL("LAST_ACK"),
	[STATE_LISTEN] = LABEL("LISTEN"),
	[STATE_CLOSING] = LABEL("CLOSING"),
	[STATE_NEW_SYN_RECV] = LABEL("NEW_SYN_RECV"),
	[STATE_BOUND_INACTIVE] = LABEL("BOUND_INACTIVE"),
};

#define NAMES (sizeof(names) / sizeof(names[0]))

const char *tcp_state_name(unsigned int state)
{
	return state < NAMES && names[state].length ? names[state].text : NULL;
}

char *tcp_state_append(char *at, unsigned int state)
{
	if (state >= NAMES || !names[state].length)
		return append_u64(at, state);
	return append_label(at, &names[state]);
}

void tcp_state_format(struct strbuf *out, unsigned int state)
{
	char text[TCP_STATE_TEXT_MAX + APPEND_SLACK];

	strbuf_append(out, text, tcp_state_append(text, state) - text);
}
