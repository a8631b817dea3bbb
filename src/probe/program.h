/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Messages of libbpf, kernel features that programs need, iterators, and counters of missed runs. */
#ifndef TCPVITALS_PROBE_PROGRAM_H
#define TCPVITALS_PROBE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bpf_link;
struct bpf_map;
struct bpf_program;

/*
 * Sets the handler for messages of libbpf. With `verbose` they go to stderr, with libbpf's own prefix "libbpf: ";
 * otherwise they are dropped. Process-wide, as libbpf's setting is.
 */
void program_log(bool verbose);

/*
 * Returns the program that libbpf last complained about since program_forget_blame(). After a failure, that is the
 * program that could not be opened, loaded or attached. Empty: none. Process-wide. Needs program_log() first.
 */
const char *program_blamed(void);
void program_forget_blame(void);

/* Returns whether the kernel has loaded the program. */
bool program_is_loaded(const struct bpf_program *program);

/* Returns a text for a negative errno. Like strerror(), but also for errors that only the kernel names. */
const char *program_error(int error);

/*
 * Check whether a program could be attached to the exit of a kernel function, with fexit or a kretprobe. A negative
 * errno is the error that each attempt would return; 0 promises nothing. Quick: nothing is attached, and no BTF is
 * read.
 */
int program_check_fexit(void);
int program_check_kretprobe(void);

/*
 * Returns the end of the verifier's log, where the verifier names the fault and the line before it. The result has
 * whole lines and fits into a message. The statistics after them are cut off in `log`.
 */
const char *program_verdict(char *log);

/* Returns whether the kernel may have bpf_rdonly_cast(). A real attempt would load all programs. */
bool program_may_cast(void);

/* Returns whether programs can read the current task directly, through a typed pointer (bpf/track/owner.bpf.h). */
bool program_has_typed_task(void);

/*
 * Runs an iterator program once over all objects, or over the elements of `map` if its kind takes a map. Returns 0 or a
 * negative errno.
 */
int program_iterate(const struct bpf_program *program, const struct bpf_map *map);

/* How program_read() treats the records that an iterator program writes. */
struct program_reader {
	size_t size;                                      /* of a record, in bytes */
	size_t at_a_time;                                 /* the most records of one read */
	void (*visit)(void *context, const void *record); /* NULL: the records have no meaning */
	void *context;
	const bool *is_done;          /* when `visit` has set it, nothing more is read; may be NULL */
	void (*pause)(void *context); /* called between two reads, when the iterator locks nothing; may be NULL */
	void *pause_context;
};

/* Runs an iterator program once. Returns 0 or a negative errno. */
int program_read(const struct bpf_program *program, const struct program_reader *reader);

/*
 * Checks whether program_iterate() would start. Returns 0 or a negative errno. A policy may refuse the start although
 * the program was loaded.
 */
int program_try_iterator(const struct bpf_program *program, const struct bpf_map *map);

/*
 * Reads how often a kprobe or kretprobe was missed: by recursion, or because too many calls were running at once.
 * Returns 0 or a negative errno: -EOPNOTSUPP if the kernel has no such counter (before Linux 6.7).
 */
int program_probe_misses(const struct bpf_link *link, uint64_t *ret);

/*
 * Reads how often the kernel skipped the program because it interrupted itself on a CPU. Returns 0 or a negative errno.
 */
int program_recursion_misses(int prog_fd, uint64_t *ret);

#endif
