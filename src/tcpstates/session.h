/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel side of tcpstates as the rest of the tool sees it: something that is attached, and a ring to read. */
#ifndef TCPVITALS_TCPSTATES_SESSION_H
#define TCPVITALS_TCPSTATES_SESSION_H

#include "bpfio/optional.h"
#include "bpfio/rings.h"
#include "tcpstates/options.h"
#include "tcpstates/session_accept.h"

struct session {
	struct tcpstates_bpf *btf;   /* one of the two is loaded */
	struct tcpstates_tp_bpf *tp; /* (the one for kernels without BTF) */
	const struct kernel_losses *losses;
	int prog_fd;    /* the program that records */
	int recover_fd; /* the one that records what the first was skipped for; -1 without */
	int sample_fd;  /* the one that takes round-trip samples for -c; -1 without */
	int tree_fd;    /* the one that follows the processes of a command; -1 without */
	struct accept accept;
	int summary_fd; /* the map of --summary */
	struct rings rings;
	struct refusals refusals; /* the programs that it does without */
	bool unseeded;    /* not all sockets that are older than the tool were found, as they should have been */
	const char *hook; /* what was chosen, in words */
	char storage[48]; /* likewise */
};

/* Why nothing could be attached, for the user, NUL-terminated. */
struct session_error {
	char text[512];
};

/*
 * Loads and attaches the best that this kernel can do, or what the options ask for. 0 or a negative errno and `error`;
 * on success give it to session_close(). Sees events from then on.
 */
int session_open(const struct tcpstates_options *options, struct session *ret, struct session_error *error);

/* No new events after this; the ring can still be read. */
void session_detach(struct session *session);

void session_close(struct session *session);

#endif
