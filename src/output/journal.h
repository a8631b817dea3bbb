/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes transitions to the journal: native entries with the fields of bcc's tcpstates -Y, one for each transition. */
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

/*
 * An entry in the form that sd_journal_sendv() takes: `fields` are "NAME=value" in `text`. Do not copy the struct: a
 * copy would point into the original.
 */
struct journal_entry {
	struct iovec fields[JOURNAL_FIELDS_MAX];
	size_t count;
	char text[JOURNAL_TEXT_MAX];
};

/*
 * Builds the fields of bcc's tcpstates -Y. MESSAGE is safe on a terminal; OBJECT_COMM is raw bytes. The time of the
 * event is in SOURCE_REALTIME_TIMESTAMP (microseconds since 1970), because journald ignores a
 * _SOURCE_REALTIME_TIMESTAMP from a client. `names` may be NULL; only the zone is used.
 *
 * Fields that an entry may lack:
 * - OBJECT_PID and OBJECT_COMM, without an owner;
 * - OBJECT_PID, for an owner outside of the pid namespace that the tool shows;
 * - OBJECT_TCP_SPAN_TIME (microseconds, rounded down), for DURATION_UNKNOWN and a lower bound;
 * - OBJECT_TCP_IFINDEX, when it is 0;
 * - OBJECT_TCP_ZONE, without a link-local address.
 */
void journal_entry_build(struct journal_entry *ret, const struct transition *event, const struct names *names,
			 const struct timebase *base);

/*
 * Connects a descriptor for journal_is_ready() to a datagram socket; the caller closes the descriptor. 0; -ENOENT
 * without a listener, where libsystemd would drop every entry without an error; or another negative errno.
 */
int journal_connect(const char *path, int *ret_fd);

/* journal_connect() for the system's journal; -EOPNOTSUPP if this build has no libsystemd. */
int journal_open(int *ret_fd);

/* True if journald takes an entry now. While journald is behind, libsystemd blocks, and the tool handles no signals. */
bool journal_is_ready(int fd);

/* Sends one entry. 0 or a negative errno. */
int journal_transition(const struct transition *event, const struct names *names, const struct timebase *base);

#endif
