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

static int visit(void *context)
{
	const struct tcpstates_bpf *skeleton = context;

	return program_iterate(skeleton->progs.seed_rest, NULL);
}

static void tell_failure(const char *missing, int error)
{
	if (error)
		message("cannot go through the open sockets (%s): %s", program_error(error), missing);
}

/* Runs what was not refused: each is 0 or a negative errno. */
static void run(struct tcpstates_bpf *skeleton, int *ret_owners, int *ret_rest, struct netns_omissions *ret)
{
	struct progress progress;

	*ret_owners = *ret_rest = 0;
	progress_begin(&progress, "looking at the sockets that are already open");
	if (program_is_loaded(skeleton->progs.seed_storage))
		*ret_owners = program_iterate(skeleton->progs.seed_storage, NULL);
	if (program_is_loaded(skeleton->progs.seed_rest))
		*ret_rest = netns_visit_all(visit, skeleton, ret);
	progress_end(&progress);
}

void session_seed(const struct tcpstates_options *options, struct session *session)
{
	struct tcpstates_bpf *skeleton = session->btf;
	bool looks_again = program_is_loaded(skeleton->progs.stuck_tcp); /* at each namespace */
	bool has_owners, has_all;
	struct netns_omissions omissions = {0};
	int owners_error, rest_error;

	run(skeleton, &owners_error, &rest_error, &omissions);
	tell_failure("the owners of connections that are older than tcpstates are not known", owners_error);
	tell_failure("connections that are older than tcpstates and have no descriptor are not known", rest_error);
	if (options->verbose || (options->stuck.once && omissions.namespaces && !looks_again))
		netns_tell(&omissions, "connections there that no process has a descriptor of are not known yet");
	has_owners = program_is_loaded(skeleton->progs.seed_storage) && !owners_error;
	has_all = program_is_loaded(skeleton->progs.seed_rest) && !rest_error && !omissions.namespaces;
	session->unseeded = !(has_all || looks_again) || (options->scope.settings.by_owner && !has_owners);
	skeleton->bss->older_are_known = has_all;
}
