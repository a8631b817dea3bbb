/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "probe/attempts.h"

#include "os/message.h"
#include "probe/program.h"
#include "probe/skeleton.h"

#include <bpf/libbpf.h>
#include <stdint.h>

static bool are_wanted(const struct probe_wants *wants)
{
	return wants->verbose && wants->emits & (EMIT_ROWS | EMIT_COUNTS | EMIT_CONNECTIONS);
}

void attempts_prepare(const struct probe_wants *wants, struct vitals_bpf *vitals)
{
	bool counts = are_wanted(wants) && !program_check_fexit();

	bpf_program__set_autoload(vitals->progs.attempt_v4, counts);
	bpf_program__set_autoload(vitals->progs.attempt_v6, counts);
}

void attempts_report(const struct probe *probe)
{
	const struct vitals_bpf *vitals = probe->vitals;
	uint64_t failed;

	if (!are_wanted(&probe->wants))
		return;
	if (!vitals || !program_is_loaded(vitals->progs.attempt_v4) || !program_is_loaded(vitals->progs.attempt_v6)) {
		message("calls of connect() that fail before SYN_SENT are not counted here");
		return;
	}
	failed = __atomic_load_n(&vitals->bss->attempts_failed, __ATOMIC_RELAXED);
	message(failed == 1 ? "%llu call of connect() failed before SYN_SENT"
			    : "%llu calls of connect() failed before SYN_SENT",
		(unsigned long long)failed);
}
