/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "probe/seed.h"

#include "os/message.h"
#include "os/netns.h"
#include "os/progress.h"
#include "probe/program.h"
#include "probe/skeleton.h"
#include "probe/walk.h"

#include <bpf/libbpf.h>

static int visit(void *context)
{
	return program_iterate(context, NULL);
}

static void report_failure(const char *missing, int error)
{
	if (error)
		message("cannot read the open sockets (%s): %s", program_error(error), missing);
}

/* Returns the first of two programs that is loaded, or NULL. */
static struct bpf_program *loaded_of(struct bpf_program *a, struct bpf_program *b)
{
	return program_is_loaded(a) ? a : program_is_loaded(b) ? b : NULL;
}

/* Runs the iterators that are loaded. Each result is 0 or a negative errno. */
static void run(struct vitals_bpf *vitals, struct bpf_program *owners, struct bpf_program *rest, int *ret_owners,
		int *ret_rest, struct netns_omissions *ret)
{
	struct progress progress;

	*ret_owners = *ret_rest = 0;
	progress_begin(&progress, "looking at the sockets that are already open");
	if (owners)
		*ret_owners = program_iterate(owners, NULL);
	if (rest)
		*ret_rest = walk_namespaces(vitals, visit, rest, ret);
	progress_end(&progress);
}

void seed(struct probe *probe)
{
	const struct probe_wants *wants = &probe->wants;
	struct vitals_bpf *vitals = probe->vitals;
	/* a scan visits each namespace again, for --stuck */
	bool looks_again = program_is_loaded(vitals->progs.stuck_tcp) || program_is_loaded(vitals->progs.stuck_hash);
	struct bpf_program *owners = loaded_of(vitals->progs.seed_storage, vitals->progs.seed_hash);
	struct bpf_program *rest = loaded_of(vitals->progs.seed_rest, vitals->progs.seed_rest_hash);
	bool has_all;
	struct netns_omissions omissions = {0};
	int owners_error, rest_error;

	run(vitals, owners, rest, &owners_error, &rest_error, &omissions);
	report_failure(SEED_WITHOUT_OWNERS, owners_error);
	report_failure(SEED_WITHOUT_REST, rest_error);
	if (wants->verbose || (wants->stuck.once && netns_is_partial(&omissions) && !looks_again))
		netns_report(&omissions, "connections there that no process has open are unknown at first");
	has_all = rest && !rest_error && !netns_is_partial(&omissions);
	probe->misses_older_sockets =
		!(has_all || looks_again) || (wants->scope->no_netns_exists && !vitals->bss->seed_saw_netns);
	vitals->bss->seeding_done = has_all && program_is_loaded(vitals->progs.seed_rest);
}
