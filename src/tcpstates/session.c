/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/session.h"

#include "abi/loss.h"
#include "abi/scope.h"
#include "abi/stuck.h"
#include "abi/summary.h"
#include "bpfio/load.h"
#include "bpfio/program.h"
#include "bpfio/scope.h"
#include "os/kernel_version.h"
#include "os/message.h"
#include "os/netns.h"
#include "os/privileges.h"
#include "os/progress.h"
#include "tcpstates.skel.h"
#include "tcpstates/failure.h"
#include "tcpstates/session_stuck.h"
#include "tcpstates_tp.skel.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One rung of the ladder. */
struct way {
	enum hook hook;
	enum storage storage;
	bool casts; /* bpf_rdonly_cast() instead of a helper */
	const char *hook_name;
	const char *storage_name;
	/* 0 or a negative errno, and `why` when it is more than that */
	int (*open)(const struct tcpstates_options *options, const struct way *way, struct session *ret,
		    struct session_error *why);
};

static int open_rings(const struct bpf_object *object, const struct tcpstates_options *options, struct session *session)
{
	return rings_open(object, options->rings, options->buffer_size / options->rings,
			  offsetof(struct transition, time_ns), &session->rings);
}

/* The two skeletons are of different types with members of the same names. */
#define CONFIGURE(skeleton, options)                                                                                   \
	do {                                                                                                           \
		(skeleton)->rodata->scope = (options)->scope.settings;                                                 \
		(skeleton)->rodata->transition_summarized = (options)->summary;                                        \
		bpf_map__set_max_entries((skeleton)->maps.summaries, (options)->summary ? SUMMARY_KINDS_MAX : 1);      \
		(skeleton)->rodata->ring_wake_bytes = (options)->buffer_size / (options)->rings / 2;                   \
		(skeleton)->rodata->ring_mask = (__u32)(options)->rings - 1;                                           \
		bpf_map__set_max_entries((skeleton)->maps.conn_hash, (options)->hash_size);                            \
	} while (0)

/* Before the first row: everything that is open already. */
static int seed_namespace(void *context)
{
	struct tcpstates_bpf *skeleton = context;

	return program_iterate(skeleton->progs.seed_rest);
}

/* Connections that a process has a descriptor of are known all the same. */
void session_tell_omissions(const struct netns_omissions *omissions)
{
	if (omissions->namespaces)
		message("%zu network namespaces could not be entered (that takes CAP_SYS_ADMIN): connections there "
			"that no process has a descriptor of are not known yet",
			omissions->namespaces);
	if (omissions->processes)
		message("%zu processes do not show their network namespace (that takes CAP_SYS_PTRACE, and no LSM "
			"that forbids it): where nothing else leads to it, connections there that no process has a "
			"descriptor of are not known yet",
			omissions->processes);
}

static int seed(struct tcpstates_bpf *skeleton, const struct tcpstates_options *options, size_t *ret_unentered)
{
	struct netns_omissions omissions = {0};
	struct progress progress;
	int error;

	progress_begin(&progress, "looking at the sockets that are already open");
	error = program_iterate(skeleton->progs.seed_storage);
	if (!error)
		error = netns_visit_all(seed_namespace, skeleton, &omissions);
	progress_end(&progress);
	if (options->verbose || (options->stuck.once && omissions.namespaces))
		session_tell_omissions(&omissions);
	*ret_unentered = omissions.namespaces;
	return error;
}

/* --stuck goes over all storage. */
static bool uses_table(const struct tcpstates_options *options, const struct way *way)
{
	return way->storage == STORAGE_SOCKET && options->storage == STORAGE_AUTO && !options->stuck.states;
}

static void choose_programs(struct tcpstates_bpf *skeleton, const struct tcpstates_options *options,
			    const struct way *way)
{
	bool in_socket = way->storage == STORAGE_SOCKET;

	bpf_program__set_autoload(skeleton->progs.set_state_cast, in_socket && way->casts);
	bpf_program__set_autoload(skeleton->progs.set_state_storage, in_socket && !way->casts);
	bpf_program__set_autoload(skeleton->progs.set_state_hash, !in_socket);
	bpf_program__set_autoload(skeleton->progs.recover_cast, in_socket && way->casts);
	bpf_program__set_autoload(skeleton->progs.recover_storage, in_socket && !way->casts);
	bpf_program__set_autoload(skeleton->progs.recover_hash, !in_socket);
	bpf_program__set_autoload(skeleton->progs.sample_rtt, options->connections);
	bpf_program__set_autoload(skeleton->progs.destroy_storage, in_socket);
	bpf_program__set_autoload(skeleton->progs.seed_storage, in_socket);
	bpf_program__set_autoload(skeleton->progs.seed_rest, in_socket);
	bpf_program__set_autoattach(skeleton->progs.seed_storage, false);
	bpf_program__set_autoattach(skeleton->progs.seed_rest, false);
	bpf_map__set_autocreate(skeleton->maps.conn_storage, in_socket);
	bpf_map__set_autocreate(skeleton->maps.conn_table, uses_table(options, way));
	skeleton->rodata->conn_in_table = uses_table(options, way);
	bpf_map__set_autocreate(skeleton->maps.life_storage, options->connections);
	bpf_map__set_autocreate(skeleton->maps.conn_hash, !in_socket);
}

static struct bpf_program *main_program(const struct tcpstates_bpf *skeleton, const struct way *way)
{
	if (way->storage != STORAGE_SOCKET)
		return skeleton->progs.set_state_hash;
	return way->casts ? skeleton->progs.set_state_cast : skeleton->progs.set_state_storage;
}

/* The one that records what the first was skipped for. */
static struct bpf_program *second_program(const struct tcpstates_bpf *skeleton, const struct way *way)
{
	if (way->storage != STORAGE_SOCKET)
		return skeleton->progs.recover_hash;
	return way->casts ? skeleton->progs.recover_cast : skeleton->progs.recover_storage;
}

/* What the verifier does not like about the main program; as much as libbpf would keep. */
#define LOG_SIZE (16 << 20)

/* Loads and attaches everything, the accept hook included. 0 or a negative errno. */
static int load_btf(const struct tcpstates_options *options, const struct way *way, char *log, struct session *session)
{
	bool in_socket = way->storage == STORAGE_SOCKET;
	struct tcpstates_bpf *skeleton = tcpstates_bpf__open();
	int error;

	if (!skeleton)
		return -errno;
	session->btf = skeleton;
	CONFIGURE(skeleton, options);
	skeleton->rodata->owner_task_is_typed = program_has_typed_task();
	skeleton->rodata->transition_silent = options->connections;
	choose_programs(skeleton, options, way);
	stuck_prepare(&options->stuck, skeleton, in_socket);
	accept_prepare(&session->accept, skeleton, in_socket);
	bpf_program__set_log_buf(main_program(skeleton, way), log, LOG_SIZE);
	error = scope_size_maps(&options->scope, skeleton->obj);
	if (!error)
		error = rings_size_maps(skeleton->obj, options->rings, options->buffer_size / options->rings);
	if (!error)
		error = load_skeleton(skeleton->skeleton);
	if (!error)
		error = scope_fill_maps(&options->scope, skeleton->obj);
	if (!error)
		error = open_rings(skeleton->obj, options, session);
	if (!error)
		error = accept_attach(&session->accept, skeleton);
	return error ? error : tcpstates_bpf__attach(skeleton);
}

static void unload_btf(struct session *session)
{
	accept_close(&session->accept);
	tcpstates_bpf__destroy(session->btf);
	rings_close(&session->rings);
	session->btf = NULL;
}

/* When no other accept hook would help. Without rights each load fails, and the verifier is not even asked. */
static bool is_main_to_blame(int error, const char *log)
{
	return log[0] || (error == -EPERM && !privileges_suffice());
}

/* With the best accept hook: an object is loaded as a whole, and which hook works shows only then. */
static int load_with_accept(const struct tcpstates_options *options, const struct way *way, char *log,
			    struct session *session, struct session_error *why)
{
	int failed = 0, error;
	char reason[256];

	while (!(error = accept_next(&session->accept, options))) {
		error = load_btf(options, way, log, session);
		if (!error)
			return 0;
		failed = error;
		unload_btf(session);
		if (options->verbose && log[0])
			message("the kernel says: %s", program_verdict(log));
		if (is_main_to_blame(failed, log))
			return failed;
		if (options->verbose)
			accept_tell(&session->accept, failed);
	}
	failed = failed ? failed : error;
	if (options->accept != ACCEPT_AUTO && options->accept != ACCEPT_NONE) {
		privileges_explain(failed, reason, sizeof(reason));
		snprintf(why->text, sizeof(why->text),
			 "the accept hook that --accept asks for: %s; try --accept receive, or leave it out", reason);
	}
	return failed;
}

static int open_btf(const struct tcpstates_options *options, const struct way *way, struct session *ret,
		    struct session_error *why)
{
	bool in_socket = way->storage == STORAGE_SOCKET;
	struct tcpstates_bpf *skeleton;
	char *log = calloc(1, LOG_SIZE);
	int error;

	if (!log)
		return -ENOMEM;
	error = load_with_accept(options, way, log, ret, why);
	free(log);
	if (error)
		return error;
	skeleton = ret->btf;
	ret->prog_fd = bpf_program__fd(main_program(skeleton, way));
	ret->summary_fd = bpf_map__fd(skeleton->maps.summaries);
	ret->recover_fd = bpf_program__fd(second_program(skeleton, way));
	ret->sample_fd = options->connections ? bpf_program__fd(skeleton->progs.sample_rtt) : -1;
	ret->tree_fd = options->command.command.argv ? bpf_program__fd(skeleton->progs.tree_fork) : -1;
	ret->losses = &skeleton->bss->losses;
	/* What a command does is all to come. */
	if (in_socket && !options->command.command.argv)
		error = seed(skeleton, options, &ret->unentered);
	skeleton->bss->older_are_known = in_socket && !options->command.command.argv && !error && !ret->unentered;
	return error;
}

static int open_tracepoint(const struct tcpstates_options *options, const struct way *way, struct session *ret,
			   struct session_error *why)
{
	struct tcpstates_tp_bpf *skeleton = tcpstates_tp_bpf__open();
	int error;

	(void)way;
	(void)why;
	if (!skeleton)
		return -errno;
	ret->tp = skeleton;
	ret->accept.hook = "nothing";
	CONFIGURE(skeleton, options);
	error = scope_size_maps(&options->scope, skeleton->obj);
	if (!error)
		error = rings_size_maps(skeleton->obj, options->rings, options->buffer_size / options->rings);
	if (!error)
		error = load_skeleton(skeleton->skeleton);
	if (!error)
		error = scope_fill_maps(&options->scope, skeleton->obj);
	if (!error)
		error = open_rings(skeleton->obj, options, ret);
	if (!error)
		error = tcpstates_tp_bpf__attach(skeleton);
	if (error)
		return error;
	if (!kernel_is_at_least(6, 7))
		message("this kernel does not count what the classic tracepoint misses (Linux 6.7 does): it shows in "
			"gaps "
			"only");
	ret->prog_fd = bpf_program__fd(skeleton->progs.set_state_tracepoint);
	ret->summary_fd = bpf_map__fd(skeleton->maps.summaries);
	ret->losses = &skeleton->bss->losses;
	return 0;
}

/* Best first. */
static const struct way ways[] = {
	{HOOK_TP_BTF, STORAGE_SOCKET, true, "tp_btf/inet_sock_set_state", "socket storage", open_btf},
	{HOOK_TP_BTF, STORAGE_SOCKET, false, "tp_btf/inet_sock_set_state", "socket storage (no casts)", open_btf},
	{HOOK_TP_BTF, STORAGE_HASH, false, "tp_btf/inet_sock_set_state", "a hash", open_btf},
	{HOOK_TRACEPOINT, STORAGE_HASH, false, "tracepoint/sock/inet_sock_set_state", "a hash", open_tracepoint},
};

static bool is_allowed(const struct way *way, const struct tcpstates_options *options)
{
	bool asks_for_accept = options->accept != ACCEPT_AUTO && options->accept != ACCEPT_NONE;

	if (options->connections && way->storage != STORAGE_SOCKET)
		return false;
	if (asks_for_accept && way->hook == HOOK_TRACEPOINT)
		return false;
	if (way->hook == HOOK_TRACEPOINT && tcpstates_unknown_to_tracepoint(options))
		return false;
	return (options->hook == HOOK_AUTO || options->hook == way->hook) &&
	       (options->storage == STORAGE_AUTO || options->storage == way->storage) &&
	       (!way->casts || (!options->without_casts && program_may_cast()));
}

static void name_storage(const struct way *way, const struct tcpstates_options *options, struct session *session)
{
	size_t size = sizeof(session->storage);

	if (way->storage == STORAGE_HASH)
		snprintf(session->storage, size, "%s of %u sockets", way->storage_name, options->hash_size);
	else if (uses_table(options, way))
		snprintf(session->storage, size, "%s behind a table", way->storage_name);
	else
		snprintf(session->storage, size, "%s", way->storage_name);
}

int session_open(const struct tcpstates_options *options, struct session *ret, struct session_error *error)
{
	int first_error = 0;

	error->text[0] = '\0';
	program_log(options->verbose);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct session session = {
			.prog_fd = -1, .recover_fd = -1, .sample_fd = -1, .tree_fd = -1, .hook = ways[i].hook_name};
		int failed;

		if (!is_allowed(&ways[i], options))
			continue;
		name_storage(&ways[i], options, &session);
		failed = ways[i].open(options, &ways[i], &session, error);
		if (!failed) {
			if (first_error && ways[i].storage == STORAGE_HASH)
				message("socket storage cannot be used here (%s): remembering sockets in %s, and fewer "
					"owners are known; -v says more",
					strerror(-first_error), session.storage);
			*ret = session;
			return 0;
		}
		session_close(&session);
		first_error = first_error ? first_error : failed;
		if (options->verbose)
			message("not usable here: %s with %s: %s", ways[i].hook_name, ways[i].storage_name,
				strerror(-failed));
	}
	if (!error->text[0])
		failure_explain(first_error, options, error);
	return first_error;
}

void session_detach(struct session *session)
{
	accept_close(&session->accept);
	if (session->btf) {
		/* First those that would take what the others no longer see for something missed. */
		bpf_link__destroy(session->btf->links.destroy_storage);
		session->btf->links.destroy_storage = NULL;
		bpf_link__destroy(session->btf->links.recover_cast);
		bpf_link__destroy(session->btf->links.recover_storage);
		bpf_link__destroy(session->btf->links.recover_hash);
		session->btf->links.recover_cast = session->btf->links.recover_storage = NULL;
		session->btf->links.recover_hash = NULL;
		tcpstates_bpf__detach(session->btf);
	}
	if (session->tp)
		tcpstates_tp_bpf__detach(session->tp);
}

void session_close(struct session *session)
{
	rings_close(&session->rings);
	accept_close(&session->accept);
	tcpstates_bpf__destroy(session->btf);
	tcpstates_tp_bpf__destroy(session->tp);
	*session = (struct session){.prog_fd = -1, .recover_fd = -1, .sample_fd = -1, .tree_fd = -1};
}
