/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcprtt/failure.h"

#include "abi/histogram.h"
#include "bpfio/program.h"
#include "core/strbuf.h"
#include "os/privileges.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool is_refusal(int error)
{
	return error == -EPERM || error == -EACCES;
}

bool failure_is_final(int error)
{
	return error == -ENOMEM || error == -EMFILE || error == -ENFILE || (is_refusal(error) && !privileges_suffice());
}

/* "; try --hook tp_btf or --hook kprobe": what the options leave, other than what was asked for. */
static void add_alternatives(struct strbuf *out, const struct tcprtt_options *options)
{
	static const char *const names[] = {
		[RTT_HOOK_TP_BTF] = "tp_btf", [RTT_HOOK_FENTRY] = "fentry", [RTT_HOOK_KPROBE] = "kprobe"};
	const char *separator = "; try ";

	for (enum rtt_hook hook = RTT_HOOK_TP_BTF; hook <= RTT_HOOK_KPROBE; hook++) {
		if (options->hook == RTT_HOOK_AUTO || hook == options->hook || !tcprtt_has_hook(options, hook))
			continue;
		strbuf_append_string(out, separator);
		strbuf_append_literal(out, "--hook ");
		strbuf_append_string(out, names[hook]);
		separator = " or ";
	}
	if (options->storage == RTT_STORAGE_SOCKET) {
		strbuf_append_string(out, separator);
		strbuf_append_literal(out, "--storage hash");
	}
}

/* What the hook that was asked for needs. */
static const char *need_of(enum rtt_hook hook)
{
	switch (hook) {
	case RTT_HOOK_TP_BTF:
		return "this kernel has no BTF-typed tracepoints or denies them";
	case RTT_HOOK_FENTRY:
		return "this kernel has no BPF trampolines or denies them";
	case RTT_HOOK_KPROBE:
		return "this kernel has no kprobe on tcp_rcv_established or denies it";
	default:
		return "this kernel has none of the hooks";
	}
}

static void explain_hook(const struct failure *failure, const struct tcprtt_options *options, char *ret, size_t size)
{
	char alternatives[128];
	struct strbuf out = strbuf_over(alternatives, sizeof(alternatives) - 1);

	add_alternatives(&out, options);
	alternatives[out.length] = '\0';
	snprintf(ret, size, "%s (%s); -v says more%s", need_of(options->hook), program_error(failure->error),
		 alternatives);
}

static void explain_memory(const struct tcprtt_options *options, char *ret, size_t size)
{
	unsigned long long groups = (unsigned long long)(options->max_keys + 1) * sizeof(struct histogram);
	unsigned long long cpus =
		(unsigned long long)sysconf(_SC_NPROCESSORS_CONF) * RTT_GROUPS_PER_CPU * sizeof(struct histogram);

	if (tcprtt_is_grouped(options) && groups >= cpus)
		snprintf(ret, size, "not enough memory: --max-keys %u takes %llu MiB; try a lower one",
			 options->max_keys, groups >> 20);
	else if (tcprtt_is_grouped(options))
		snprintf(ret, size, "not enough memory: groups take %llu MiB on this machine's CPUs", cpus >> 20);
	else
		snprintf(ret, size, "not enough memory");
}

void failure_explain(const struct failure *failure, const struct tcprtt_options *options, char *ret, size_t size)
{
	bool has_btf = access("/sys/kernel/btf/vmlinux", R_OK) == 0;
	int error = failure->error;

	if (error == -ENOMEM)
		explain_memory(options, ret, size);
	else if (failure_is_final(error) || (is_refusal(error) && failure->no_bpf))
		privileges_explain(error, ret, size);
	else if (!has_btf)
		snprintf(ret, size,
			 "this kernel has no BTF (/sys/kernel/btf/vmlinux); tcprtt needs one built with "
			 "CONFIG_DEBUG_INFO_BTF");
	else if (options->hook == RTT_HOOK_AUTO && is_refusal(error))
		privileges_explain(error, ret, size);
	else
		explain_hook(failure, options, ret, size);
}
