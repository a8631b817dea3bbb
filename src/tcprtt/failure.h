/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Why tcprtt could not attach, and what to do about it. */
#ifndef TCPVITALS_TCPRTT_FAILURE_H
#define TCPVITALS_TCPRTT_FAILURE_H

#include "tcprtt/options.h"

#include <stdbool.h>
#include <stddef.h>

struct failure {
	int error;   /* negative errno */
	bool no_bpf; /* bpf(2) does nothing at all */
};

/* Whether any other way to attach would fail likewise. */
bool failure_is_final(int error);

/* For the user, in one line, NUL-terminated. */
void failure_explain(const struct failure *failure, const struct tcprtt_options *options, char *ret, size_t size);

#endif
