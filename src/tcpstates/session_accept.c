/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/session_accept.h"

#include "abi/loss.h"
#include "abi/port_set.h"
#include "bpfio/program.h"
#include "os/message.h"
#include "os/privileges.h"
#include "tcpstates.skel.h"
#include "tcpstates_accept.skel.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Best first. */
static const struct way {
	enum accept_hook hook;
	const char *program;
	const char *name;
} ways[] = {
	{ACCEPT_FEXIT, "accept_fexit", "fexit/inet_csk_accept"},
	{ACCEPT_FEXIT, "accept_fexit_four", "fexit/inet_csk_accept"},
	{ACCEPT_KRETPROBE, "accept_kretprobe", "kretprobe/inet_csk_accept"},
	{ACCEPT_RECEIVE, "accept_receive", "tp_btf/tcp_rcv_space_adjust"},
};

/* Without trying, which takes 10 ms: most of it to read the kernel's BTF once more. 0, or what trying would fail with.
 */
static int check_way(const struct way *way)
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

static int try_way(const struct way *way, bool in_socket, struct accept *ret)
{
	struct tcpstates_accept_bpf *skeleton = tcpstates_accept_bpf__open();
	struct bpf_program *program;
	int error;

	if (!skeleton)
		return -errno;
	bpf_object__for_each_program(program, skeleton->obj)
		bpf_program__set_autoload(program, !strcmp(bpf_program__name(program), way->program));
	skeleton->rodata->conn_in_socket = in_socket;
	bpf_map__set_autocreate(skeleton->maps.conn_storage, in_socket);
	bpf_map__set_autocreate(skeleton->maps.conn_hash, !in_socket);
	bpf_map__set_autocreate(skeleton->maps.accepted, way->hook == ACCEPT_KRETPROBE);
	error = tcpstates_accept_bpf__load(skeleton);
	if (!error)
		error = tcpstates_accept_bpf__attach(skeleton);
	if (error) {
		tcpstates_accept_bpf__destroy(skeleton);
		return error;
	}
	*ret = (struct accept){.skeleton = skeleton, .hook = way->name, .by_kretprobe = way->hook == ACCEPT_KRETPROBE};
	return 0;
}

int accept_open(const struct tcpstates_options *options, bool in_socket, struct accept *ret, char *why, size_t why_size)
{
	int last_error = 0;
	char reason[256];
	uint64_t unused;

	*ret = (struct accept){.hook = "nothing"};
	if (options->accept == ACCEPT_NONE)
		return 0;
	/* What fails on the way to one that works is told in a line, not with all of libbpf's words. */
	program_log(options->verbose && options->accept != ACCEPT_AUTO);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		int error = 0;

		if (options->accept != ACCEPT_AUTO && options->accept != ways[i].hook)
			continue;
		if (options->accept == ACCEPT_AUTO)
			error = check_way(&ways[i]);
		if (!error)
			error = try_way(&ways[i], in_socket, ret);
		if (!error)
			break;
		last_error = error;
		if (options->verbose)
			message("not usable here: %s (%s): %s", ways[i].name, ways[i].program, strerror(-error));
	}
	program_log(options->verbose);
	if (ret->by_kretprobe && options->verbose &&
	    program_probe_misses(ret->skeleton->links.accept_kretprobe, &unused))
		message("this kernel does not tell how many accept() calls the kretprobe misses");
	if (ret->skeleton || options->accept == ACCEPT_AUTO)
		return 0;
	privileges_explain(last_error, reason, sizeof(reason));
	snprintf(why, why_size, "the accept hook that --accept asks for: %s; try --accept receive, or leave it out",
		 reason);
	return last_error;
}

int accept_share(const struct accept *accept, struct tcpstates_bpf *main, bool in_socket)
{
	const struct tcpstates_accept_bpf *skeleton = accept->skeleton;
	int error = 0;

	main->rodata->accept_by_kretprobe = accept->by_kretprobe;
	bpf_map__set_autocreate(main->maps.accepted, accept->by_kretprobe);
	if (!skeleton)
		return 0;
	if (accept->by_kretprobe)
		error = bpf_map__reuse_fd(main->maps.accepted, bpf_map__fd(skeleton->maps.accepted));
	if (!error && in_socket)
		error = bpf_map__reuse_fd(main->maps.conn_storage, bpf_map__fd(skeleton->maps.conn_storage));
	if (!error && !in_socket)
		error = bpf_map__reuse_fd(main->maps.conn_hash, bpf_map__fd(skeleton->maps.conn_hash));
	return error;
}

uint64_t accept_missed(const struct accept *accept)
{
	uint64_t unseen = 0;

	if (!accept->skeleton)
		return accept->missed;
	if (accept->by_kretprobe)
		program_probe_misses(accept->skeleton->links.accept_kretprobe, &unseen);
	return unseen + __atomic_load_n(&accept->skeleton->bss->accept_full, __ATOMIC_RELAXED);
}

void accept_close(struct accept *accept)
{
	uint64_t missed = accept_missed(accept);

	tcpstates_accept_bpf__destroy(accept->skeleton);
	*accept = (struct accept){.missed = missed};
}
