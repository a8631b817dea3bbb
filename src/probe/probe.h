/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel side as a tool sees it. A tool says what it wants of the sockets on this machine: transitions, whole
 * connections, counts, looks at what is there, round-trip samples, in any combination. The probe loads what gives that
 * in the best way that the kernel admits, and is read until it is closed.
 */
#ifndef TCPVITALS_PROBE_PROBE_H
#define TCPVITALS_PROBE_PROBE_H

#include "abi/emit.h"
#include "abi/histogram.h"
#include "abi/rtt.h"
#include "abi/stuck.h"
#include "core/grouping.h"
#include "core/scope.h"
#include "probe/optional.h"
#include "probe/rings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the programs are attached to. fentry and kprobe see segments; states always come from a tracepoint. */
enum probe_hook {
	HOOK_AUTO,
	HOOK_TP_BTF,
	HOOK_TRACEPOINT,
	HOOK_FENTRY,
	HOOK_KPROBE
};

/* Where sockets are remembered. */
enum probe_storage {
	STORAGE_AUTO,
	STORAGE_SOCKET,
	STORAGE_HASH
};

/* How it is seen who accepts a connection. */
enum probe_accept {
	ACCEPT_AUTO,
	ACCEPT_FEXIT,
	ACCEPT_KRETPROBE,
	ACCEPT_RECEIVE,
	ACCEPT_NONE
};

/* Which samples, and how they are told apart. */
struct sample_wants {
	enum rtt_sample kind;
	struct grouping grouping;
	uint32_t max_keys; /* groups at most */
	bool milliseconds; /* ticks of 1/1024 ms instead of 1 us */
	bool sums;         /* collect what means are made of, too */
};

struct probe_wants {
	const char *tool;            /* its name, for messages */
	unsigned int emits;          /* enum emit */
	const struct scope *scope;   /* outlives the probe */
	struct stuck_settings stuck; /* with EMIT_SCANS */
	struct sample_wants samples; /* with EMIT_SAMPLES */
	bool owners;                 /* owners of sockets are of use */
	bool older;                  /* and sockets that are older than the tool */
	/* An option whose filter the classic tracepoint knows too little for, or NULL. */
	const char *needs_btf;
	/* Of the records of EMIT_ROWS, EMIT_CONNECTIONS and EMIT_SCANS. */
	uint64_t buffer_size; /* bytes, a power of two of at least a page */
	size_t rings;         /* that these are shared out to, a power of two */
	enum probe_hook hook;
	enum probe_storage storage;
	enum probe_accept accept;
	uint32_t hash_size; /* sockets that the hash remembers, where it is used */
	bool without_casts; /* for tests: as on kernels before 6.2 */
	bool verbose;       /* say which ways do not work here, and why */
};

/* The program that sees who accepts a connection. */
struct accept {
	const struct accept_way *way; /* what is to be tried, or was chosen; NULL: nothing */
	const char *hook;             /* that in words */
	bool is_exhausted;            /* nothing was chosen, as nothing worked */
	bool sees_uses;               /* who reads is seen, too: who was given the connection after the accept */
	int prog_fd;
	struct bpf_link *link, *use_link;
	uint64_t missed; /* so far, when it was closed */
};

/* Of segments, for EMIT_SAMPLES and for the means of EMIT_CONNECTIONS, and of changes of state. */
#define PROBE_SAMPLERS 3

struct probe {
	struct probe_wants wants;
	struct vitals_bpf *vitals; /* one of the two is loaded */
	struct vitals_tp_bpf *tp;  /* (the one for kernels without BTF) */
	const struct kernel_losses *losses;
	struct accept accept;
	struct rings rings;       /* none without records */
	struct refusals refusals; /* the programs that it does without */
	bool unseeded;    /* not all sockets that are older than the tool were found, as they should have been */
	const char *hook; /* what was chosen, in words: "tp_btf" */
	char storage[48]; /* likewise */
	int prog_fd;      /* the program that follows states; -1 without */
	int recover_fd;   /* the one that does what the first was skipped for; -1 without */
	int sampler_fds[PROBE_SAMPLERS]; /* those that take samples */
	size_t samplers;                 /* how many these are */
	int tree_fd;                     /* the one that follows the processes of a command; -1 without */
	int summary_fd;                  /* the map of EMIT_COUNTS */
	/* Of EMIT_SAMPLES. */
	struct histogram *groups;  /* that CPUs share: mapped, max_keys + 1 of them; NULL when not grouped */
	struct histogram settled;  /* of samples_settle(), where there are no groups */
	size_t groups_size;        /* of the mapping, in bytes */
	uint32_t groups_per_cpu;   /* the first so many have a histogram on each CPU, too */
	struct histogram *per_cpu; /* room to read one histogram of all CPUs */
	int cpus;
};

/* Why nothing could be attached, for the user, NUL-terminated. */
struct probe_error {
	char text[512];
};

/*
 * Loads and attaches. 0 or a negative errno and `error`; on success give *ret to probe_close(). It sees events from
 * then on.
 */
int probe_open(const struct probe_wants *wants, struct probe *ret, struct probe_error *error);

/*
 * Stops all programs at once, waits for those that are under way, and detaches them. What there is by then can still be
 * read, and nothing is added to it.
 */
void probe_detach(struct probe *probe);

void probe_close(struct probe *probe); /* harmless on one that was never opened, or is closed */

/* What tells who accepts a connection, and whether the kernel counts all that it misses. */
const char *probe_accept_hook(const struct probe *probe);
bool probe_counts_accepts(const struct probe *probe);

#define PROBE_CLOSED ((struct probe){.prog_fd = -1, .recover_fd = -1, .tree_fd = -1})

#endif
