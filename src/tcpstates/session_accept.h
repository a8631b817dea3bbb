/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The program that sees who accepts a connection. */
#ifndef TCPVITALS_TCPSTATES_SESSION_ACCEPT_H
#define TCPVITALS_TCPSTATES_SESSION_ACCEPT_H

#include "tcpstates/options.h"

#include <stddef.h>
#include <stdint.h>

struct tcpstates_bpf;
struct tcpstates_accept_bpf;

struct accept {
	bool by_kretprobe;
	uint64_t missed;                       /* so far, when it was closed */
	struct tcpstates_accept_bpf *skeleton; /* NULL without one */
	const char *hook;                      /* what was chosen, in words; "nothing" */
};

/*
 * Attaches the best that this kernel admits, or what the options ask for; it finds nothing until the rest works with
 * its maps. With nothing possible (and nothing asked for) `ret` says so, and that is no error: owners are known later
 * then. Else 0 or a negative errno and the reason in `why`. Give `ret` to accept_close().
 */
int accept_open(const struct tcpstates_options *options, bool in_socket, struct accept *ret, char *why,
		size_t why_size);

/* Before `main` is loaded: it takes over the maps. 0 or a negative errno. */
int accept_share(const struct accept *accept, struct tcpstates_bpf *main, bool in_socket);

/* How many connections were accepted without being seen, as far as that is known; still there after accept_close(). */
uint64_t accept_missed(const struct accept *accept);

void accept_close(struct accept *accept);

#endif
