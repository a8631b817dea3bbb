/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/failure.h"

#include "os/privileges.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

void failure_explain(int first_error, const struct tcpstates_options *options, struct session_error *error)
{
	bool has_btf = access("/sys/kernel/btf/vmlinux", R_OK) == 0;
	bool has_tracefs = access("/sys/kernel/tracing/events", F_OK) == 0 ||
			   access("/sys/kernel/debug/tracing/events", F_OK) == 0;
	char why[400];

	privileges_explain(first_error, why, sizeof(why));
	if (first_error == -EACCES && privileges_suffice() && options->hook == HOOK_TRACEPOINT && !has_tracefs)
		snprintf(
			error->text, sizeof(error->text),
			"the classic tracepoint needs tracefs (/sys/kernel/tracing), which this user may not read; try "
			"sudo");
	else if (first_error == -EPERM || first_error == -EACCES)
		snprintf(error->text, sizeof(error->text), "%s", why);
	else if (!has_btf && options->hook == HOOK_TP_BTF)
		snprintf(error->text, sizeof(error->text),
			 "this kernel has no BTF (/sys/kernel/btf/vmlinux), which --hook tp_btf needs; try --hook "
			 "tracepoint, or a "
			 "kernel built with CONFIG_DEBUG_INFO_BTF");
	else if (!has_btf && tcpstates_unknown_to_tracepoint(options))
		snprintf(error->text, sizeof(error->text),
			 "this kernel has no BTF (/sys/kernel/btf/vmlinux), without which nothing tells what %s asks "
			 "for; "
			 "leave it out, or try a kernel built with CONFIG_DEBUG_INFO_BTF",
			 tcpstates_unknown_to_tracepoint(options));
	else if ((!has_btf || options->hook == HOOK_TRACEPOINT) && !has_tracefs)
		snprintf(error->text, sizeof(error->text),
			 "%sthe classic tracepoint needs tracefs, which is not mounted; try: mount -t tracefs tracefs "
			 "/sys/kernel/tracing",
			 has_btf ? "" : "this kernel has no BTF (/sys/kernel/btf/vmlinux), and ");
	else
		snprintf(error->text, sizeof(error->text), "%s", why);
}
