/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Programs that a tool can do without. An object is loaded as a whole: when the kernel refuses one of these, the object
 * is loaded again without it, and the tool loses what that program does, no more.
 */
#ifndef TCPVITALS_BPFIO_OPTIONAL_H
#define TCPVITALS_BPFIO_OPTIONAL_H

#include <stdbool.h>
#include <stddef.h>

struct bpf_object;

struct optional {
	const char *program; /* its name in the object */
	const char *without; /* what the user has to do without; NULL: another program does the same */
};

#define OPTIONAL_MAX 16

/* What this kernel has refused so far. */
struct refusals {
	const struct optional *optional; /* up to one whose `program` is NULL; OPTIONAL_MAX at most */
	int errors[OPTIONAL_MAX];        /* of each of them: 0, or the negative errno */
};

/*
 * After opening, loading or attaching an object has failed with `error`: whether an optional program was to blame, so
 * that the object is to be loaded again.
 */
bool optional_note(struct refusals *refusals, int error);

bool optional_is_refused(const struct refusals *refusals, const char *program);

/* Before an object is loaded, which has all programs of the list. */
void optional_leave_out(const struct refusals *refusals, const struct bpf_object *object);

/* Says what the user has to do without; with `verbose` also which programs others do the work of. */
void optional_report(const struct refusals *refusals, bool verbose);

/*
 * For a program that is not optional, as it does what was asked for: whether it is to blame. If so, the reason for the
 * user is in `ret`, NUL-terminated. `without` says what cannot be done, and what to do.
 */
bool optional_explain(const char *program, const char *without, int error, char *ret, size_t size);

#endif
