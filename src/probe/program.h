/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What libbpf and the kernel tell about loading and running programs. */
#ifndef TCPVITALS_BPFIO_PROGRAM_H
#define TCPVITALS_BPFIO_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bpf_link;
struct bpf_map;
struct bpf_program;

/*
 * Routes libbpf's messages: to stderr with a "libbpf: " in front when verbose, else they are kept back. Process-wide,
 * as libbpf is.
 */
void program_log(bool verbose);

/*
 * The program of which libbpf has complained last since program_forget_blame(): the one that could not be opened,
 * loaded or attached, if anything failed. Empty: none. Process-wide likewise, and only after program_log().
 */
const char *program_blamed(void);
void program_forget_blame(void);

/* Whether the kernel has taken it. */
bool program_is_loaded(const struct bpf_program *program);

/* As strerror(), for a negative errno, and for what only the kernel knows by name. */
const char *program_error(int error);

/*
 * Whether a program could be put at the exit of a kernel function, with fexit or a kretprobe. A negative errno is what
 * each attempt would fail with, 0 promises nothing. Quick: nothing is attached, and no BTF is read.
 */
int program_check_fexit(void);
int program_check_kretprobe(void);

/*
 * The end of what the verifier wrote, where it says what it does not like and, in front of that, at which line: a
 * message's worth of whole lines. Without the statistics behind them, which are cut off.
 */
const char *program_verdict(char *log);

/* Whether the kernel may have bpf_rdonly_cast(): as above, to try means to load everything. */
bool program_may_cast(void);

/* Whether the current task can be read like a socket (bpf/owner.bpf.h). */
bool program_has_typed_task(void);

/*
 * Runs an iterator program once over everything there is, or over everything in `map` if it is one of those that take
 * a map. 0 or a negative errno.
 */
int program_iterate(const struct bpf_program *program, const struct bpf_map *map);

/* Whether that would begin: 0 or a negative errno. A policy may refuse it although the program was loaded. */
int program_try_iterator(const struct bpf_program *program, const struct bpf_map *map);

/*
 * How often a kprobe or kretprobe was missed: by recursion, or because more calls were under way than the kernel had
 * room for. 0, or a negative errno: -EOPNOTSUPP when the kernel does not tell (before 6.7).
 */
int program_probe_misses(const struct bpf_link *link, uint64_t *ret);

/* How often the kernel skipped the program because it interrupted itself on a CPU. 0 or a negative errno. */
int program_recursion_misses(int prog_fd, uint64_t *ret);

#endif
