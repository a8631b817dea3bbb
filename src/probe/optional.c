/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "probe/optional.h"

#include "os/message.h"
#include "os/privileges.h"
#include "probe/program.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Returns the index of the program in the list, or -1. */
static int find(const struct refusals *refusals, const char *program)
{
	for (int i = 0; refusals->optional[i].program; i++) {
		if (!strcmp(refusals->optional[i].program, program))
			return i;
	}
	return -1;
}

/*
 * Returns whether the error is about one program. Missing rights, memory or descriptors would make the next program
 * fail, too.
 */
static bool is_about_program(int error)
{
	if (error == -EPERM || error == -EACCES)
		return privileges_suffice();
	return error != -ENOMEM && error != -EMFILE && error != -ENFILE;
}

bool optional_note(struct refusals *refusals, int error)
{
	int place = find(refusals, program_blamed());

	if (place < 0 || refusals->errors[place] || !is_about_program(error))
		return false;
	refusals->errors[place] = error;
	return true;
}

bool optional_is_refused(const struct refusals *refusals, const char *program)
{
	int place = find(refusals, program);

	return place >= 0 && refusals->errors[place];
}

void optional_leave_out(const struct refusals *refusals, const struct bpf_object *object)
{
	for (int i = 0; refusals->optional[i].program; i++) {
		if (refusals->errors[i])
			bpf_program__set_autoload(
				bpf_object__find_program_by_name(object, refusals->optional[i].program), false);
	}
}

void optional_report(const struct refusals *refusals, bool verbose)
{
	for (int i = 0; refusals->optional[i].program; i++) {
		const struct optional *optional = &refusals->optional[i];
		const char *reason = program_error(refusals->errors[i]);

		if (!refusals->errors[i])
			continue;
		if (optional->without)
			message("the kernel refuses the program %s (%s): %s", optional->program, reason,
				optional->without);
		else if (verbose)
			message("not usable here: %s: %s", optional->program, reason);
	}
}

bool optional_explain(const char *program, const char *without, int error, char *ret, size_t size)
{
	if (strcmp(program_blamed(), program) || !is_about_program(error))
		return false;
	snprintf(ret, size, "the kernel refuses the program %s (%s), so %s", program, program_error(error), without);
	return true;
}
