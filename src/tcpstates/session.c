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
#include "os/privileges.h"
#include "tcpstates.skel.h"
#include "tcpstates/failure.h"
#include "tcpstates/session_optional.h"
#include "tcpstates/session_seed.h"
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

/* --stuck goes over all storage, and a place is given back by destroy_storage. */
static bool uses_table(const struct tcpstates_options *options, const struct way *way, const struct session *session)
{
	return way->storage == STORAGE_SOCKET && options->storage == STORAGE_AUTO && !options->stuck.states &&
	       !optional_is_refused(&session->refusals, "destroy_storage");
}

/* Sockets that are older than the tool. What a command does is all to come. */
static bool seeds(const struct tcpstates_options *options, const struct way *way)
{
	return way->storage == STORAGE_SOCKET && !options->command.command.argv;
}

static void choose_programs(struct tcpstates_bpf *skeleton, const struct tcpstates_options *options,
			    const struct way *way, const struct session *session)
{
	bool in_socket = way->storage == STORAGE_SOCKET, in_table = uses_table(options, way, session);

	bpf_program__set_autoload(skeleton->progs.set_state_cast, in_socket && way->casts);
	bpf_program__set_autoload(skeleton->progs.set_state_storage, in_socket && !way->casts);
	bpf_program__set_autoload(skeleton->progs.set_state_hash, !in_socket);
	bpf_program__set_autoload(skeleton->progs.recover_cast, in_socket && way->casts);
	bpf_program__set_autoload(skeleton->progs.recover_storage, in_socket && !way->casts);
	bpf_program__set_autoload(skeleton->progs.recover_hash, !in_socket);
	bpf_program__set_autoload(skeleton->progs.sample_rtt, options->connections);
	bpf_program__set_autoload(skeleton->progs.destroy_storage, in_socket);
	bpf_program__set_autoload(skeleton->progs.seed_storage, seeds(options, way));
	bpf_program__set_autoload(skeleton->progs.seed_rest, seeds(options, way));
	bpf_program__set_autoattach(skeleton->progs.seed_storage, false);
	bpf_program__set_autoattach(skeleton->progs.seed_rest, false);
	bpf_map__set_autocreate(skeleton->maps.conn_storage, in_socket);
	bpf_map__set_autocreate(skeleton->maps.conn_table, in_table);
	skeleton->rodata->conn_in_table = in_table;
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

/* Opens the object and makes it ready to be loaded. 0 or a negative errno. */
static int open_object(const struct tcpstates_options *options, const struct way *way, char *log,
		       struct session *session)
{
	bool in_socket = way->storage == STORAGE_SOCKET;
	struct tcpstates_bpf *skeleton = session->btf = tcpstates_bpf__open();
	int error;

	if (!skeleton)
		return -errno;
	CONFIGURE(skeleton, options);
	skeleton->rodata->owner_task_is_typed = program_has_typed_task();
	skeleton->rodata->transition_silent = options->connections;
	choose_programs(skeleton, options, way, session);
	stuck_prepare(&options->stuck, &session->refusals, skeleton, in_socket);
	accept_prepare(&session->accept, skeleton, in_socket);
	bpf_program__set_log_buf(main_program(skeleton, way), log, LOG_SIZE);
	error = scope_size_maps(&options->scope, skeleton->obj);
	return error ? error : rings_size_maps(skeleton->obj, options->rings, options->buffer_size / options->rings);
}

/* Loads and attaches everything, the accept hook included. 0 or a negative errno. */
static int load_btf(const struct tcpstates_options *options, const struct way *way, char *log, struct session *session)
{
	int error = open_object(options, way, log, session);
	struct tcpstates_bpf *skeleton = session->btf;

	if (!error)
		error = load_skeleton(skeleton->skeleton, &session->refusals);
	if (!error)
		error = scope_fill_maps(&options->scope, skeleton->obj);
	if (!error)
		error = open_rings(skeleton->obj, options, session);
	if (!error)
		error = stuck_try(skeleton);
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

/* The main program alone: when it does not load, others are of no use. 0 or a negative errno. */
static int try_main(const struct tcpstates_options *options, const struct way *way, char *log, struct session *session)
{
	int error = open_object(options, way, log, session);
	struct bpf_program *program;

	if (!error) {
		bpf_object__for_each_program(program, session->btf->obj)
			bpf_program__set_autoload(program, program == main_program(session->btf, way));
		error = load_skeleton(session->btf->skeleton, NULL);
	}
	unload_btf(session);
	return error;
}

/*
 * With the best accept hook, and without the optional programs that are refused: an object is loaded as a whole, and
 * what works shows only then.
 */
static int load_best(const struct tcpstates_options *options, const struct way *way, char *log, struct session *session,
		     struct session_error *why)
{
	int failed = 0, error = accept_next(&session->accept, options);
	char reason[256];

	while (!error) {
		bool is_first = !failed, is_optional;

		failed = load_btf(options, way, log, session);
		if (!failed)
			return 0;
		unload_btf(session);
		is_optional = optional_note(&session->refusals, failed);
		if (!is_optional && !accept_is_blamed(&session->accept)) {
			session_explain(failed, why->text, sizeof(why->text));
			return failed;
		}
		error = is_first ? try_main(options, way, log, session) : 0;
		if (error)
			return error;
		if (is_optional)
			continue;
		if (options->verbose)
			accept_tell(&session->accept, failed);
		error = accept_next(&session->accept, options);
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
	struct tcpstates_bpf *skeleton;
	char *log = calloc(1, LOG_SIZE);
	int error;

	if (!log)
		return -ENOMEM;
	error = load_best(options, way, log, ret, why);
	if (error && options->verbose && log[0])
		message("the kernel says: %s", program_verdict(log));
	free(log);
	if (error)
		return error;
	skeleton = ret->btf;
	ret->prog_fd = bpf_program__fd(main_program(skeleton, way));
	ret->summary_fd = bpf_map__fd(skeleton->maps.summaries);
	ret->recover_fd = bpf_program__fd(second_program(skeleton, way));
	ret->sample_fd = bpf_program__fd(skeleton->progs.sample_rtt);
	ret->tree_fd = bpf_program__fd(skeleton->progs.tree_fork);
	ret->losses = &skeleton->bss->losses;
	if (seeds(options, way))
		session_seed(options, ret);
	return 0;
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
		error = load_skeleton(skeleton->skeleton, NULL);
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
	else if (uses_table(options, way, session))
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
		struct session session = {.prog_fd = -1,
					  .recover_fd = -1,
					  .sample_fd = -1,
					  .tree_fd = -1,
					  .refusals.optional = session_optional,
					  .hook = ways[i].hook_name};
		int failed;

		if (!is_allowed(&ways[i], options))
			continue;
		failed = ways[i].open(options, &ways[i], &session, error);
		if (!failed) {
			name_storage(&ways[i], options, &session);
			optional_tell(&session.refusals, options->verbose);
			accept_tell_nothing(&session.accept);
			if (first_error && ways[i].storage == STORAGE_HASH)
				message("socket storage cannot be used here (%s): remembering sockets in %s, and fewer "
					"owners are known; -v says more",
					program_error(first_error), session.storage);
			*ret = session;
			return 0;
		}
		session_close(&session);
		first_error = first_error ? first_error : failed;
		if (options->verbose)
			message("not usable here: %s with %s: %s", ways[i].hook_name, ways[i].storage_name,
				program_error(failed));
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
