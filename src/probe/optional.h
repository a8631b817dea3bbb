/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Optional programs, which a tool can do without. An object is loaded as a whole. If the kernel refuses an optional
 * program, the object is loaded again without it, and only the feature of that program is lost.
 */
#ifndef TCPVITALS_PROBE_OPTIONAL_H
#define TCPVITALS_PROBE_OPTIONAL_H

#include <stdbool.h>
#include <stddef.h>

struct bpf_object;

struct optional {
	const char *program; /* name in the object */
	const char *without; /* effect for the user if it is missing; NULL: another program replaces it */
};

#define OPTIONAL_MAX 24

/* The optional programs that this kernel has refused so far. */
struct refusals {
	const struct optional *optional; /* ends with an entry with `program` NULL; at most OPTIONAL_MAX entries */
	int errors[OPTIONAL_MAX];        /* one for each entry of `optional`: 0 or a negative errno */
};

/*
 * Call it after opening, loading or attaching an object has failed with `error`. Returns whether an optional program is
 * the cause; then load the object again.
 */
bool optional_note(struct refusals *refusals, int error);

bool optional_is_refused(const struct refusals *refusals, const char *program);

/*
 * Leaves the refused programs out of an object that is not loaded yet. The object must have all programs of the list.
 */
void optional_leave_out(const struct refusals *refusals, const struct bpf_object *object);

/*
 * Reports the effect of each missing program on stderr. With `verbose`, also reports refused programs with a
 * substitute.
 */
void optional_report(const struct refusals *refusals, bool verbose);

/*
 * Explains the refusal of a program that is not optional, because the user asked for its function. Returns whether
 * `program` is the cause. If so, `ret` gets the reason for the user, NUL-terminated. `without` is a clause: the
 * function that is missing, and the remedy.
 */
bool optional_explain(const char *program, const char *without, int error, char *ret, size_t size);

#endif
