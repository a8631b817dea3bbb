/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "probe/retransmissions.h"

#include "probe/optional.h"
#include "probe/program.h"
#include "probe/skeleton.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>

bool retransmissions_have_error(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	const struct btf_type *type;
	int id = btf ? btf__find_by_name_kind(btf, "btf_trace_tcp_retransmit_skb", BTF_KIND_TYPEDEF) : -1;
	bool has_error = false;

	if (id > 0) {
		/* A pointer to a function, whose first argument is the tracepoint's own. */
		type = btf__type_by_id(btf, btf__type_by_id(btf, (__u32)id)->type);
		if (btf_is_ptr(type))
			type = btf__type_by_id(btf, type->type);
		has_error = btf_is_func_proto(type) && btf_vlen(type) >= 4;
	}
	btf__free(btf);
	return has_error;
}

void retransmissions_prepare(const struct probe_wants *wants, struct vitals_bpf *vitals)
{
	bool wanted = wants->emits & EMIT_RETRANSMISSIONS, has_error = wanted && retransmissions_have_error();

	bpf_program__set_autoload(vitals->progs.emit_retransmission, wanted && !has_error);
	bpf_program__set_autoload(vitals->progs.emit_retransmission_err, has_error);
	bpf_program__set_autoload(vitals->progs.emit_syn_ack, wanted);
}

bool retransmissions_explain(int error, char *ret, size_t size)
{
	static const char without[] = "retransmissions cannot be shown; nstat -a TcpRetransSegs counts them";

	return optional_explain("emit_retransmission", without, error, ret, size) ||
	       optional_explain("emit_retransmission_err", without, error, ret, size);
}

uint64_t retransmissions_missed(const struct probe *probe)
{
	const struct vitals_bpf *vitals = probe->vitals;
	const struct bpf_program *const programs[] = {
		vitals->progs.emit_retransmission,
		vitals->progs.emit_retransmission_err,
		vitals->progs.emit_syn_ack,
	};
	uint64_t total = 0, missed;

	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		if (program_is_loaded(programs[i]) && !program_recursion_misses(bpf_program__fd(programs[i]), &missed))
			total += missed;
	}
	return total;
}
