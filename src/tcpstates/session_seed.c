/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/session_seed.h"

#include "abi/loss.h"
#include "abi/scope.h"
#include "abi/stuck.h"
#include "bpfio/program.h"
#include "os/message.h"
#include "os/netns.h"
#include "os/progress.h"
#include "tcpstates.skel.h"
#include "tcpstates/session.h"

#include <bpf/libbpf.h>

/* 0 or a negative errno; also 0 where the program was refused, which optional_tell() says. */
static int run(const struct bpf_program *program)
{
	return bpf_program__fd(program) < 0 ? 0 : program_iterate(program, NULL);
}

static int visit(void *context)
{
	const struct tcpstates_bpf *skeleton = context;

	return run(skeleton->progs.seed_rest);
}

void session_seed(const struct tcpstates_options *options, struct session *session)
{
	struct tcpstates_bpf *skeleton = session->btf;
	struct netns_omissions omissions = {0};
	struct progress progress;
	int error, rest_error;

	progress_begin(&progress, "looking at the sockets that are already open");
	error = run(skeleton->progs.seed_storage);
	rest_error = netns_visit_all(visit, skeleton, &omissions);
	progress_end(&progress);
	error = error ? error : rest_error;
	if (error)
		message("cannot go through the open sockets (%s): connections that are older than tcpstates may be "
			"missing, or lack their owner",
			program_error(error));
	/* Where stuck_tcp goes through the namespaces as well, that has more to say. */
	if (options->verbose ||
	    (options->stuck.once && omissions.namespaces && bpf_program__fd(skeleton->progs.stuck_tcp) < 0))
		netns_tell(&omissions, "connections there that no process has a descriptor of are not known yet");
	session->unseeded = error || omissions.namespaces || optional_is_refused(&session->refusals, "seed_storage") ||
			    optional_is_refused(&session->refusals, "seed_rest");
	skeleton->bss->older_are_known = !session->unseeded;
}
