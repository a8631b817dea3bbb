/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "probe/accept.h"

#include "os/message.h"
#include "probe/program.h"
#include "probe/skeleton.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

/* The hooks, best first. */
static const struct accept_way {
	enum probe_accept hook;
	const char *program;
	const char *name;
} ways[] = {
	{ACCEPT_FEXIT, "accept_fexit", "fexit/inet_csk_accept"},
	{ACCEPT_KRETPROBE, "accept_kretprobe", "kretprobe/inet_csk_accept"},
	{ACCEPT_RECEIVE, "accept_receive", "tp_btf/tcp_rcv_space_adjust"},
};

#define WAYS     (sizeof(ways) / sizeof(ways[0]))
#define WAYS_END (ways + WAYS)

/*
 * Checks a hook without loading it, because each attempt loads the whole object again. Returns 0, or the negative errno
 * of such an attempt.
 */
static int check_way(const struct accept_way *way)
{
	switch (way->hook) {
	case ACCEPT_FEXIT:
		return program_check_fexit();
	case ACCEPT_KRETPROBE:
		return program_check_kretprobe();
	default:
		return 0;
	}
}

/* Returns whether the program of ACCEPT_RECEIVE failed, loaded beside another hook. */
static bool uses_are_blamed(const struct accept *accept)
{
	return accept->sees_reads && !strcmp(ways[WAYS - 1].program, program_blamed());
}

bool accept_is_blamed(const struct accept *accept)
{
	if (uses_are_blamed(accept))
		return true;
	return accept->way && !strcmp(accept->way->program, program_blamed());
}

void accept_report(const struct accept *accept, int error)
{
	const struct accept_way *way = uses_are_blamed(accept) ? &ways[WAYS - 1] : accept->way;

	if (way)
		message("not usable here: %s (%s): %s", way->name, way->program, program_error(error));
}

void accept_report_none(const struct accept *accept)
{
	if (accept->is_exhausted)
		message("the kernel refuses every accept hook: an accepted connection keeps its listener's owner until "
			"another process changes its state");
}

bool accept_is_demanded(const struct probe_wants *wants)
{
	return wants->owners && wants->accept != ACCEPT_AUTO && wants->accept != ACCEPT_NONE;
}

/*
 * A server that forks for each connection accepts in one process and works in another (PostgreSQL). A transition shows
 * the working process, but samples arrive long before the next one. The cost is paid by each TCP receive on the
 * machine.
 */
static bool needs_uses(const struct accept_way *way, const struct probe_wants *wants)
{
	return wants->emits & EMIT_SAMPLES && wants->accept == ACCEPT_AUTO && way->hook != ACCEPT_RECEIVE;
}

int accept_next(struct accept *accept, const struct probe_wants *wants)
{
	const struct accept_way *way = accept->way ? accept->way + 1 : ways;
	int error = -ENOENT;

	if (uses_are_blamed(accept)) {
		accept->sees_reads = false;
		return 0;
	}
	if (accept->hook && !accept->way)
		return error;
	for (; wants->owners && way < WAYS_END; way++) {
		if (wants->accept != ACCEPT_AUTO && wants->accept != way->hook)
			continue;
		*accept = (struct accept){.way = way, .hook = way->name, .sees_reads = needs_uses(way, wants)};
		error = check_way(way);
		if (!error)
			return 0;
		if (wants->verbose)
			accept_report(accept, error);
	}
	if (accept_is_demanded(wants))
		return error;
	*accept = (struct accept){.hook = "nothing", .is_exhausted = wants->owners && wants->accept == ACCEPT_AUTO};
	return 0;
}

static bool by_kretprobe(const struct accept *accept)
{
	return accept->way && accept->way->hook == ACCEPT_KRETPROBE;
}

void accept_prepare(const struct accept *accept, struct vitals_bpf *vitals, bool in_socket)
{
	for (const struct accept_way *way = ways; way < WAYS_END; way++) {
		struct bpf_program *program = bpf_object__find_program_by_name(vitals->obj, way->program);

		bpf_program__set_autoload(program,
					  way == accept->way || (way->hook == ACCEPT_RECEIVE && accept->sees_reads));
		bpf_program__set_autoattach(program, false);
	}
	vitals->rodata->conn_in_socket = in_socket;
	vitals->rodata->accept_by_kretprobe = by_kretprobe(accept);
	vitals->rodata->accept_sees_all = accept->way && accept->way->hook != ACCEPT_RECEIVE;
	bpf_map__set_autocreate(vitals->maps.accepted, by_kretprobe(accept));
}

int accept_attach(struct accept *accept, const struct vitals_bpf *vitals)
{
	struct bpf_program *program;

	if (!accept->way)
		return 0;
	program = bpf_object__find_program_by_name(vitals->obj, accept->way->program);
	accept->prog_fd = bpf_program__fd(program);
	accept->link = bpf_program__attach(program);
	if (!accept->link)
		return -errno;
	if (accept->sees_reads)
		accept->read_link = bpf_program__attach(vitals->progs.accept_receive);
	return accept->sees_reads && !accept->read_link ? -errno : 0;
}

bool accept_counts(const struct accept *accept)
{
	uint64_t missed;

	return !by_kretprobe(accept) || !program_probe_misses(accept->link, &missed);
}

uint64_t accept_missed(const struct accept *accept)
{
	uint64_t missed = accept->missed;

	if (!accept->link)
		return missed;
	if (by_kretprobe(accept))
		program_probe_misses(accept->link, &missed);
	/* A skipped read is no loss: the next one shows the same process. */
	else if (accept->way->hook == ACCEPT_FEXIT)
		program_recursion_misses(accept->prog_fd, &missed);
	return missed;
}

void accept_close(struct accept *accept)
{
	accept->missed = accept_missed(accept);
	bpf_link__destroy(accept->link);
	bpf_link__destroy(accept->read_link);
	accept->link = accept->read_link = NULL;
}
