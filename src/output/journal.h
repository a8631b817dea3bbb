/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Native journal entries with the fields that bcc's tcpstates -Y writes, one entry per transition. */
#ifndef TCPVITALS_OUTPUT_JOURNAL_H
#define TCPVITALS_OUTPUT_JOURNAL_H

#include "abi/transition.h"
#include "core/names.h"
#include "core/timestamp.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#define JOURNAL_FIELDS_MAX 16
#define JOURNAL_TEXT_MAX   1024

/* An entry as sd_journal_sendv() takes it: "NAME=value", which point into `text`. Not to be copied. */
struct journal_entry {
	struct iovec fields[JOURNAL_FIELDS_MAX];
	size_t count;
	char text[JOURNAL_TEXT_MAX];
};

/*
 * The fields of bcc's tcpstates -Y. MESSAGE is safe on a terminal; OBJECT_COMM is the raw bytes. OBJECT_PID and
 * OBJECT_COMM are left out without an owner, OBJECT_PID for one outside of the pid namespace that is shown,
 * OBJECT_TCP_SPAN_TIME (microseconds, rounded down) for DURATION_UNKNOWN. journald ignores a _SOURCE_REALTIME_TIMESTAMP
 * from a client, so the event's time is in SOURCE_REALTIME_TIMESTAMP (microseconds since 1970). OBJECT_TCP_IFINDEX is
 * left out when it is 0, and OBJECT_TCP_ZONE without a link-local address.
 *
 * Of `names`, which may be NULL, the zone is used.
 */
void journal_entry_build(struct journal_entry *ret, const struct transition *event, const struct names *names,
			 const struct timebase *base);

/*
 * A descriptor (the caller's to close) for journal_is_ready(), connected to that datagram socket. 0; -ENOENT when
 * nobody listens there (libsystemd would drop every entry without an error) or another negative errno.
 */
int journal_connect(const char *path, int *ret_fd);

/* The same for the system's journal; -EOPNOTSUPP when this build has no libsystemd. */
int journal_open(int *ret_fd);

/* Whether journald takes an entry now. While it is behind, libsystemd would block, and signals with it. */
bool journal_is_ready(int fd);

/* 0 or a negative errno. */
int journal_transition(const struct transition *event, const struct names *names, const struct timebase *base);

#endif
