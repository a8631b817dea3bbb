/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/cause.h"

#include <stddef.h>

static const char *const names[CAUSES] = {
	[CAUSE_UNKNOWN] = "unknown",
	[CAUSE_FIN_LOCAL] = "fin-local",
	[CAUSE_FIN_REMOTE] = "fin-remote",
	[CAUSE_FIN_BOTH] = "fin-both",
	[CAUSE_RESET_SENT] = "reset-sent",
	[CAUSE_RESET_RECEIVED] = "reset-received",
	[CAUSE_REFUSED] = "refused",
	[CAUSE_TIMEOUT] = "timeout",
	[CAUSE_TIMEOUT_CONNECT] = "timeout-connect",
	[CAUSE_TIMEOUT_RETRANSMISSION] = "timeout-retransmission",
	[CAUSE_TIMEOUT_PROBE] = "timeout-probe",
	[CAUSE_TIMEOUT_KEEPALIVE] = "timeout-keepalive",
	[CAUSE_TIMEOUT_USER] = "timeout-user",
	[CAUSE_ABORTED] = "aborted",
	[CAUSE_TIME_WAIT] = "time-wait",
	[CAUSE_FIN_WAIT2_ORPHAN] = "fin-wait2-orphan",
	[CAUSE_ABANDONED] = "abandoned",
	[CAUSE_UNREAD_DATA] = "unread-data",
	[CAUSE_UNREACHABLE] = "unreachable",
	[CAUSE_LOCAL_ERROR] = "local-error",
	[CAUSE_OUT_OF_MEMORY] = "out-of-memory",
	[CAUSE_LISTENER_CLOSED] = "listener-closed",
	[CAUSE_CLOSED] = "closed",
};

const char *cause_name(unsigned int cause)
{
	if (cause == CAUSE_NONE)
		return NULL;
	return names[cause < CAUSES ? cause : CAUSE_UNKNOWN];
}
