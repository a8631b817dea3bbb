/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "probe/scan.h"

#include "probe/kernel_type.h"
#include "probe/optional.h"
#include "probe/program.h"
#include "probe/skeleton.h"
#include "probe/walk.h"

#include <bpf/libbpf.h>

void scan_prepare(const struct probe_wants *wants, const struct refusals *refusals, struct vitals_bpf *vitals,
		  bool in_socket)
{
	bool wanted = wants->emits & EMIT_SCANS, by_namespace = optional_is_refused(refusals, "stuck_storage");

	by_namespace = by_namespace || (wanted && in_socket && kernel_storage_iterator_is_faulty());
	vitals->rodata->stuck = wants->stuck;
	bpf_program__set_autoload(vitals->progs.stuck_storage, wanted && in_socket && !by_namespace);
	bpf_program__set_autoload(vitals->progs.stuck_tcp, wanted && in_socket && by_namespace);
	bpf_program__set_autoload(vitals->progs.stuck_hash, wanted && !in_socket);
	bpf_program__set_autoattach(vitals->progs.stuck_storage, false);
	bpf_program__set_autoattach(vitals->progs.stuck_tcp, false);
	bpf_program__set_autoattach(vitals->progs.stuck_hash, false);
}

/* Returns the iterator that walks one network namespace. NULL: the loaded iterator walks all of them. */
static const struct bpf_program *namespace_program(const struct vitals_bpf *vitals)
{
	if (program_is_loaded(vitals->progs.stuck_tcp))
		return vitals->progs.stuck_tcp;
	return program_is_loaded(vitals->progs.stuck_hash) ? vitals->progs.stuck_hash : NULL;
}

int scan_try(const struct vitals_bpf *vitals)
{
	const struct bpf_program *by_namespace = namespace_program(vitals);

	if (by_namespace)
		return program_try_iterator(by_namespace, NULL);
	if (program_is_loaded(vitals->progs.stuck_storage))
		return program_try_iterator(vitals->progs.stuck_storage, vitals->maps.conn_storage);
	return 0;
}

const char *scan_iterator(const struct probe *probe)
{
	return namespace_program(probe->vitals) ? "iter/tcp in each network namespace" : "iter/bpf_sk_storage_map";
}

static int scan_namespace(void *context)
{
	const struct vitals_bpf *vitals = context;

	return program_iterate(namespace_program(vitals), NULL);
}

int scan_all(const struct probe *probe, uint64_t now_ns, bool is_last, struct stuck_scan *ret,
	     struct netns_omissions *ret_omissions)
{
	struct vitals_bpf *vitals = probe->vitals;
	struct stuck_scan *scan = &vitals->bss->stuck_scan;
	struct netns_omissions omissions = {0};
	int error;

	scan->time_ns = now_ns;
	scan->is_last = is_last;
	scan->undecided = 0;
	scan->unjudged = 0;
	if (namespace_program(vitals))
		error = walk_namespaces(vitals, scan_namespace, vitals, &omissions);
	else
		error = program_iterate(vitals->progs.stuck_storage, vitals->maps.conn_storage);
	*ret = *scan;
	*ret_omissions = omissions;
	return error;
}
