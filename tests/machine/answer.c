/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "answer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define ENOTSUPP 524 /* the kernel's own, which no header of user space has */

void answer_set(struct answer *answer, enum verdict verdict, const char *format, ...)
{
	va_list args;

	answer->verdict = verdict;
	va_start(args, format);
	vsnprintf(answer->why, sizeof(answer->why), format, args);
	va_end(args);
}

static bool passes(int error)
{
	return error == ENOMEM || error == EAGAIN || error == EINTR || error == EMFILE || error == ENFILE;
}

void answer_refused(struct answer *answer, int error)
{
	answer_set(answer, passes(error) ? UNKNOWN : NO, "%s",
		   error == ENOTSUPP ? "Operation not supported" : strerror(error));
}
