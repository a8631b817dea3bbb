/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "probe/seed.h"

#include "os/message.h"
#include "os/netns.h"
#include "os/progress.h"
#include "probe/program.h"
#include "probe/skeleton.h"

#include <bpf/libbpf.h>

static int visit(void *context)
{
	const struct vitals_bpf *vitals = context;

	return program_iterate(vitals->progs.seed_rest, NULL);
}

static void tell_failure(const char *missing, int error)
{
	if (error)
		message("cannot go through the open sockets (%s): %s", program_error(error), missing);
}

/* Runs what was not refused: each is 0 or a negative errno. */
static void run(struct vitals_bpf *vitals, int *ret_owners, int *ret_rest, struct netns_omissions *ret)
{
	struct progress progress;

	*ret_owners = *ret_rest = 0;
	progress_begin(&progress, "looking at the sockets that are already open");
	if (program_is_loaded(vitals->progs.seed_storage))
		*ret_owners = program_iterate(vitals->progs.seed_storage, NULL);
	if (program_is_loaded(vitals->progs.seed_rest))
		*ret_rest = netns_visit_all(visit, vitals, ret);
	progress_end(&progress);
}

void seed(struct probe *probe)
{
	const struct probe_wants *wants = &probe->wants;
	struct vitals_bpf *vitals = probe->vitals;
	/* At each namespace, for --stuck. */
	bool looks_again = program_is_loaded(vitals->progs.stuck_tcp) || program_is_loaded(vitals->progs.stuck_hash);
	bool has_all;
	struct netns_omissions omissions = {0};
	int owners_error, rest_error;

	run(vitals, &owners_error, &rest_error, &omissions);
	tell_failure(SEED_WITHOUT_OWNERS, owners_error);
	tell_failure(SEED_WITHOUT_REST, rest_error);
	if (wants->verbose || (wants->stuck.once && omissions.namespaces && !looks_again))
		netns_tell(&omissions, "connections there that no process has open are not known yet");
	has_all = program_is_loaded(vitals->progs.seed_rest) && !rest_error && !omissions.namespaces;
	probe->unseeded = !(has_all || looks_again);
	vitals->bss->older_are_known = has_all;
}
