/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The interface to the kernel side. A tool states its wants: transitions, connections, counts, scans and round-trip
 * samples, in any combination. The probe loads the programs for them in the best way that the kernel admits.
 */
#ifndef TCPVITALS_PROBE_PROBE_H
#define TCPVITALS_PROBE_PROBE_H

#include "abi/emit.h"
#include "abi/histogram.h"
#include "abi/metrics.h"
#include "abi/rtt.h"
#include "abi/stuck.h"
#include "core/grouping.h"
#include "core/scope.h"
#include "probe/optional.h"
#include "probe/rings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The hook of the programs. fentry and kprobe see only segments; states always come from a tracepoint. */
enum probe_hook {
	HOOK_AUTO,
	HOOK_TP_BTF,
	HOOK_TRACEPOINT,
	HOOK_FENTRY,
	HOOK_KPROBE
};

/* The memory for what the programs record of a socket. */
enum probe_storage {
	STORAGE_AUTO,
	STORAGE_SOCKET,
	STORAGE_HASH
};

/* The accept hook: how the programs see which process accepts a connection. */
enum probe_accept {
	ACCEPT_AUTO,
	ACCEPT_FEXIT,
	ACCEPT_KRETPROBE,
	ACCEPT_RECEIVE,
	ACCEPT_NONE
};

/* The kind of samples, and their groups. */
struct sample_wants {
	enum rtt_sample kind;
	struct grouping grouping;
	uint32_t max_keys; /* limit of groups */
	bool milliseconds; /* a tick is 1/1024 ms instead of 1 us */
	bool sums;         /* also collect the sums that means need */
};

struct probe_wants {
	const char *tool;            /* name of the tool, for messages */
	unsigned int emits;          /* enum emit, as bits */
	const struct scope *scope;   /* outlives the probe */
	struct stuck_settings stuck; /* with EMIT_SCANS or EMIT_METRICS */
	struct sample_wants samples; /* with EMIT_SAMPLES, which EMIT_METRICS needs, too */
	bool owners;                 /* the tool uses the owners of sockets */
	bool uses_older_sockets;     /* the tool also uses sockets older than itself */
	/* The option with a filter that the classic tracepoint cannot apply, or NULL. */
	const char *needs_btf;
	/* Ring buffers for the records of EMIT_ROWS, EMIT_CONNECTIONS, EMIT_SCANS and EMIT_RETRANSMISSIONS. */
	uint64_t buffer_size; /* of all ring buffers, in bytes: a power of two, at least a page */
	size_t rings;         /* number of ring buffers that share buffer_size, a power of two */
	enum probe_hook hook;
	enum probe_storage storage;
	enum probe_accept accept;
	uint32_t hash_size; /* entries of the hash, where a hash is used */
	bool without_casts; /* for tests: no bpf_rdonly_cast(), as before Linux 6.2 */
	bool verbose;       /* report ways that do not work, and the reasons */
};

/* The accept hook in use. */
struct accept {
	const struct accept_way *way; /* the hook to try, or the chosen one; NULL: none */
	const char *hook;             /* name of the hook, for the user */
	bool is_exhausted;            /* no hook was chosen, because every one was refused */
	bool sees_reads;              /* also sees who reads: the process that got the connection after the accept */
	int prog_fd;
	struct bpf_link *link, *read_link;
	uint64_t missed; /* accepts missed until accept_close() */
};

/*
 * The most programs that take samples: on segments, for EMIT_SAMPLES and for the means of EMIT_CONNECTIONS; and on
 * state changes.
 */
#define PROBE_SAMPLERS 3

struct probe {
	struct probe_wants wants;
	struct vitals_bpf *vitals; /* the object for kernels with BTF; NULL if `tp` is loaded */
	struct vitals_tp_bpf *tp;  /* the object for kernels without BTF; NULL if `vitals` is loaded */
	const struct kernel_losses *losses;
	struct accept accept;
	struct rings rings;              /* no ring buffers if no records are wanted */
	struct refusals refusals;        /* optional programs that the kernel has refused */
	bool misses_older_sockets;       /* some sockets older than the tool may be unknown, although they are wanted */
	const char *hook;                /* name of the chosen hook: "tp_btf" */
	char storage[48];                /* name of the chosen storage */
	int prog_fd;                     /* the program that follows states; -1: none */
	int recover_fd;                  /* the program that records events that the first was skipped for; -1: none */
	int sampler_fds[PROBE_SAMPLERS]; /* the programs that take samples */
	size_t sampler_count;            /* number of sampler_fds */
	int tree_fd;                     /* the program that follows the processes of a command; -1: none */
	int summary_fd;                  /* map of EMIT_COUNTS */
	/* For EMIT_SAMPLES. */
	struct histogram *groups;       /* max_keys + 1 histograms that all CPUs share, mapped; NULL without grouping */
	struct histogram pending_added; /* samples added by samples_add_pending(), without grouping */
	size_t groups_size;             /* size of the mapping, in bytes */
	uint32_t groups_per_cpu;        /* the first groups_per_cpu groups also have a histogram on each CPU */
	struct histogram *per_cpu;      /* space for one histogram of each CPU */
	int cpus;
	/* Called many times during a long walk or snapshot, perhaps in another network namespace; NULL: never. */
	void (*pause)(void *context);
	void *pause_context;
	/* For EMIT_METRICS. */
	struct group_metrics *group_metrics; /* of the groups that all CPUs share, by number, mapped */
	size_t group_metrics_size;           /* size of the mapping, in bytes */
	struct group_metrics group_reading;  /* result of metrics_read_group() */
	struct group_metrics *metrics_cpus;  /* space for the counters of a group on each CPU */
};

/* The reason why no way works, for the user, NUL-terminated. */
struct probe_error {
	char text[512];
};

/*
 * Loads and attaches the programs, which see events from then on. Returns 0, or a negative errno with the reason in
 * `error`. After success, call probe_close().
 */
int probe_open(const struct probe_wants *wants, struct probe *ret, struct probe_error *error);

/*
 * Stops all programs at once, waits for the running ones, and detaches them. The data recorded until then can still be
 * read, and nothing is added.
 */
void probe_detach(struct probe *probe);

void probe_close(struct probe *probe); /* allowed on a probe that was never opened, or is closed */

/* The name of the accept hook, and whether the kernel counts all accepts that the hook misses. */
const char *probe_accept_hook(const struct probe *probe);
bool probe_counts_accepts(const struct probe *probe);

#define PROBE_CLOSED ((struct probe){.prog_fd = -1, .recover_fd = -1, .tree_fd = -1})

#endif
