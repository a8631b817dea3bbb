/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/session_stuck.h"

#include "abi/loss.h"
#include "abi/scope.h"
#include "bpfio/optional.h"
#include "bpfio/program.h"
#include "os/netns.h"
#include "tcpstates.skel.h"
#include "tcpstates/session.h"

#include <bpf/libbpf.h>

void stuck_prepare(const struct stuck_options *options, const struct refusals *refusals, struct tcpstates_bpf *skeleton,
		   bool in_socket)
{
	bool by_namespace = optional_is_refused(refusals, "stuck_storage");

	skeleton->rodata->stuck = (struct stuck_settings){
		.longer_ns = options->longer_ns, .states = options->states, .once = options->once};
	skeleton->rodata->transition_kept = options->states != 0;
	bpf_program__set_autoload(skeleton->progs.stuck_storage, options->states && in_socket);
	bpf_program__set_autoload(skeleton->progs.stuck_tcp, options->states && in_socket && by_namespace);
	bpf_program__set_autoload(skeleton->progs.stuck_hash, options->states && !in_socket);
	bpf_program__set_autoattach(skeleton->progs.stuck_storage, false);
	bpf_program__set_autoattach(skeleton->progs.stuck_tcp, false);
	bpf_program__set_autoattach(skeleton->progs.stuck_hash, false);
}

/* The one that goes through the connections of a network namespace; NULL where one goes through all. */
static const struct bpf_program *namespace_program(const struct tcpstates_bpf *skeleton)
{
	if (program_is_loaded(skeleton->progs.stuck_tcp))
		return skeleton->progs.stuck_tcp;
	return program_is_loaded(skeleton->progs.stuck_hash) ? skeleton->progs.stuck_hash : NULL;
}

int stuck_try(const struct tcpstates_bpf *skeleton)
{
	const struct bpf_program *by_namespace = namespace_program(skeleton);

	if (by_namespace)
		return program_try_iterator(by_namespace, NULL);
	if (program_is_loaded(skeleton->progs.stuck_storage))
		return program_try_iterator(skeleton->progs.stuck_storage, skeleton->maps.conn_storage);
	return 0;
}

const char *stuck_iterator(const struct session *session)
{
	return namespace_program(session->btf) ? "iter/tcp in each network namespace" : "iter/bpf_sk_storage_map";
}

static int look_at_namespace(void *context)
{
	const struct tcpstates_bpf *skeleton = context;

	return program_iterate(namespace_program(skeleton), NULL);
}

int stuck_look_around(const struct session *session, uint64_t now_ns, bool is_last, struct stuck_look *ret,
		      struct netns_omissions *ret_omissions)
{
	struct tcpstates_bpf *skeleton = session->btf;
	struct stuck_look *look = &skeleton->bss->stuck_look;
	struct netns_omissions omissions = {0};
	int error;

	look->time_ns = now_ns;
	look->is_last = is_last;
	look->undecided = 0;
	if (namespace_program(skeleton))
		error = netns_visit_all(look_at_namespace, skeleton, &omissions);
	else
		error = program_iterate(skeleton->progs.stuck_storage, skeleton->maps.conn_storage);
	*ret = *look;
	*ret_omissions = omissions;
	return error;
}
