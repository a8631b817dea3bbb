/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "probe/failure.h"

#include "abi/histogram.h"
#include "core/strbuf.h"
#include "os/privileges.h"
#include "probe/program.h"
#include "probe/samples.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

void failures_note(struct failures *failures, const struct way *way, int error)
{
	if (!failures->first) {
		failures->first = error;
		failures->best_hook = way->hook;
	}
	if (way->hook == failures->best_hook)
		failures->best = error;
}

static bool is_refusal(int error)
{
	return error == -EPERM || error == -EACCES;
}

bool failure_is_final(int error)
{
	return error == -ENOMEM || error == -EMFILE || error == -ENFILE || (is_refusal(error) && !privileges_suffice());
}

/* Appends the options that may still work: "; try --hook tp_btf or --hook kprobe". */
static void add_alternatives(struct strbuf *out, const struct probe_wants *wants)
{
	static const struct {
		enum probe_hook hook;
		const char *name;
	} hooks[] = {{HOOK_TP_BTF, "tp_btf"}, {HOOK_FENTRY, "fentry"}, {HOOK_KPROBE, "kprobe"}};
	const char *separator = "; try ";

	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		if (wants->hook == HOOK_AUTO || hooks[i].hook == wants->hook ||
		    !samples_have_hook(wants, hooks[i].hook))
			continue;
		strbuf_append_string(out, separator);
		strbuf_append_literal(out, "--hook ");
		strbuf_append_string(out, hooks[i].name);
		separator = " or ";
	}
	if (wants->storage == STORAGE_SOCKET) {
		strbuf_append_string(out, separator);
		strbuf_append_literal(out, "--storage hash");
	}
}

/* Returns the requirement of the hook that failed. */
static const char *need_of(enum probe_hook hook)
{
	switch (hook) {
	case HOOK_TP_BTF:
		return "this kernel has no BTF-typed tracepoints or denies them";
	case HOOK_FENTRY:
		return "this kernel has no BPF trampolines or denies them";
	case HOOK_KPROBE:
		return "this kernel has no kprobe on tcp_rcv_established or denies it";
	default:
		return "this kernel has none of the hooks";
	}
}

static void explain_hook(int error, const struct probe_wants *wants, struct probe_error *ret)
{
	char alternatives[128];
	struct strbuf out = strbuf_over(alternatives, sizeof(alternatives) - 1);

	add_alternatives(&out, wants);
	alternatives[out.length] = '\0';
	snprintf(ret->text, sizeof(ret->text), "%s (%s); -v shows more%s", need_of(wants->hook), program_error(error),
		 alternatives);
}

static void explain_memory(const struct sample_wants *samples, struct probe_error *ret)
{
	unsigned long long groups = (unsigned long long)(samples->max_keys + 1) * sizeof(struct histogram);
	unsigned long long cpus =
		(unsigned long long)sysconf(_SC_NPROCESSORS_CONF) * RTT_GROUPS_PER_CPU * sizeof(struct histogram);

	if (samples_are_grouped(samples) && groups >= cpus)
		snprintf(ret->text, sizeof(ret->text),
			 "not enough memory: --max-keys %u takes %llu MiB; try a lower one", samples->max_keys,
			 groups >> 20);
	else if (samples_are_grouped(samples))
		snprintf(ret->text, sizeof(ret->text), "not enough memory: groups take %llu MiB on this machine's CPUs",
			 cpus >> 20);
	else
		snprintf(ret->text, sizeof(ret->text), "not enough memory for the BPF maps");
}

#define MOUNT_TRACEFS "mount -t tracefs tracefs /sys/kernel/tracing"

static bool has_btf(void)
{
	return access("/sys/kernel/btf/vmlinux", R_OK) == 0;
}

static void explain_samples(int error, const struct probe_wants *wants, struct probe_error *ret)
{
	bool no_bpf = libbpf_probe_bpf_map_type(BPF_MAP_TYPE_ARRAY, NULL) != 1;

	if (error == -ENOMEM)
		explain_memory(&wants->samples, ret);
	else if (failure_is_final(error) || (is_refusal(error) && no_bpf))
		privileges_explain(error, ret->text, sizeof(ret->text));
	else if (!has_btf())
		snprintf(ret->text, sizeof(ret->text),
			 "this kernel has no BTF (/sys/kernel/btf/vmlinux); %s needs a kernel built with "
			 "CONFIG_DEBUG_INFO_BTF",
			 wants->tool);
	else if (wants->hook == HOOK_AUTO && is_refusal(error))
		privileges_explain(error, ret->text, sizeof(ret->text));
	else
		explain_hook(error, wants, ret);
}

/* The classic tracepoint needs tracefs. All other ways need BTF. */
static void explain_states(int error, const struct probe_wants *wants, struct probe_error *ret)
{
	bool has_tracefs = access("/sys/kernel/tracing/events", F_OK) == 0 ||
			   access("/sys/kernel/debug/tracing/events", F_OK) == 0;
	size_t size = sizeof(ret->text);

	if (error == -EACCES && privileges_suffice() && wants->hook == HOOK_TRACEPOINT && !has_tracefs)
		snprintf(ret->text, size,
			 "the classic tracepoint needs tracefs (/sys/kernel/tracing), which this user may not read; "
			 "try sudo");
	else if (is_refusal(error))
		privileges_explain(error, ret->text, size);
	else if (!has_btf() && wants->hook == HOOK_TP_BTF)
		snprintf(ret->text, size,
			 "this kernel has no BTF (/sys/kernel/btf/vmlinux), which --hook tp_btf needs; try --hook "
			 "tracepoint, or a kernel built with CONFIG_DEBUG_INFO_BTF");
	else if (!has_btf() && wants->needs_btf)
		snprintf(ret->text, size,
			 "this kernel has no BTF (/sys/kernel/btf/vmlinux), which %s needs; leave it out, or try a "
			 "kernel built with CONFIG_DEBUG_INFO_BTF",
			 wants->needs_btf);
	else if ((!has_btf() || wants->hook == HOOK_TRACEPOINT) && !has_tracefs)
		snprintf(ret->text, size,
			 has_btf() ? "the classic tracepoint needs tracefs, which is not mounted; try: " MOUNT_TRACEFS
				   : "this kernel has no BTF (/sys/kernel/btf/vmlinux), and the classic tracepoint "
				     "needs tracefs, which is not mounted; try: " MOUNT_TRACEFS);
	else
		privileges_explain(error, ret->text, size);
}

void failure_explain(const struct failures *failures, const struct probe_wants *wants, struct probe_error *ret)
{
	if (wants->emits == EMIT_SAMPLES)
		explain_samples(failures->best, wants, ret);
	else
		explain_states(failures->first, wants, ret);
}
