/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The program that sees who accepts a connection. */
#ifndef TCPVITALS_TCPSTATES_SESSION_ACCEPT_H
#define TCPVITALS_TCPSTATES_SESSION_ACCEPT_H

#include "tcpstates/options.h"

#include <stddef.h>

struct tcpstates_bpf;
struct tcpstates_accept_bpf;

struct accept {
	struct tcpstates_accept_bpf *skeleton; /* NULL without one */
	const char *hook;                      /* what was chosen, in words; "nothing" */
};

/*
 * Attaches the best that this kernel admits, or what the options ask for, to the maps of `main`, which is loaded. With
 * nothing possible (and nothing asked for) `ret` says so, and that is no error: owners are known later then. Else 0 or
 * a negative errno and the reason in `why`. Give `ret` to accept_close() before `main` is destroyed.
 */
int accept_open(const struct tcpstates_options *options, struct tcpstates_bpf *main, bool in_socket, struct accept *ret,
		char *why, size_t why_size);

void accept_close(struct accept *accept);

#endif
