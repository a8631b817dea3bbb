/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/session_stuck.h"

#include "abi/loss.h"
#include "abi/scope.h"
#include "bpfio/program.h"
#include "os/netns.h"
#include "tcpstates.skel.h"
#include "tcpstates/session.h"

#include <bpf/libbpf.h>

void stuck_prepare(const struct stuck_options *options, struct tcpstates_bpf *skeleton, bool in_socket)
{
	skeleton->rodata->stuck = (struct stuck_settings){
		.longer_ns = options->longer_ns, .states = options->states, .once = options->once};
	skeleton->rodata->transition_kept = options->states != 0;
	bpf_program__set_autoload(skeleton->progs.stuck_storage, options->states && in_socket);
	bpf_program__set_autoload(skeleton->progs.stuck_hash, options->states && !in_socket);
	bpf_program__set_autoattach(skeleton->progs.stuck_storage, false);
	bpf_program__set_autoattach(skeleton->progs.stuck_hash, false);
}

static int look_at_namespace(void *context)
{
	const struct tcpstates_bpf *skeleton = context;

	return program_iterate(skeleton->progs.stuck_hash);
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
	if (bpf_program__fd(skeleton->progs.stuck_storage) >= 0)
		error = program_iterate_map(skeleton->progs.stuck_storage, skeleton->maps.conn_storage);
	else
		error = netns_visit_all(look_at_namespace, skeleton, &omissions);
	*ret = *look;
	*ret_omissions = omissions;
	return error;
}
