/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/cause.h"

#include <stddef.h>

static const struct label names[CAUSES] = {
	[CAUSE_UNKNOWN] = LABEL("unknown"),
	[CAUSE_FIN_LOCAL] = LABEL("fin-local"),
	[CAUSE_FIN_REMOTE] = LABEL("fin-remote"),
	[CAUSE_FIN_BOTH] = LABEL("fin-both"),
	[CAUSE_RESET_SENT] = LABEL("reset-sent"),
	[CAUSE_RESET_RECEIVED] = LABEL("reset-received"),
	[CAUSE_REFUSED] = LABEL("refused"),
	[CAUSE_TIMEOUT] = LABEL("timeout"),
	[CAUSE_TIMEOUT_CONNECT] = LABEL("timeout-connect"),
	[CAUSE_TIMEOUT_RETRANSMISSION] = LABEL("timeout-retransmission"),
	[CAUSE_TIMEOUT_PROBE] = LABEL("timeout-probe"),
	[CAUSE_TIMEOUT_KEEPALIVE] = LABEL("timeout-keepalive"),
	[CAUSE_TIMEOUT_USER] = LABEL("timeout-user"),
	[CAUSE_ABORTED] = LABEL("aborted"),
	[CAUSE_TIME_WAIT] = LABEL("time-wait"),
	[CAUSE_FIN_WAIT2_ORPHAN] = LABEL("fin-wait2-orphan"),
	[CAUSE_ABANDONED] = LABEL("abandoned"),
	[CAUSE_UNREAD_DATA] = LABEL("unread-data"),
	[CAUSE_UNREACHABLE] = LABEL("unreachable"),
	[CAUSE_LOCAL_ERROR] = LABEL("local-error"),
	[CAUSE_OUT_OF_MEMORY] = LABEL("out-of-memory"),
	[CAUSE_LISTENER_CLOSED] = LABEL("listener-closed"),
	[CAUSE_CLOSED] = LABEL("closed"),
	[CAUSE_REPAIR] = LABEL("repair"),
	[CAUSE_NO_PORT] = LABEL("no-port"),
	[CAUSE_ADDRESS_IN_USE] = LABEL("address-in-use"),
};

static const struct label *label_of(unsigned int cause)
{
	return &names[cause < CAUSES ? cause : CAUSE_UNKNOWN];
}

const char *cause_name(unsigned int cause)
{
	return cause == CAUSE_NONE ? NULL : label_of(cause)->text;
}

char *cause_append(char *at, unsigned int cause)
{
	return append_label(at, label_of(cause));
}
