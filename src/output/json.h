/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes rows as JSON Lines: one object per line, in the schema of tcpvitals-json(5). */
#ifndef TCPVITALS_OUTPUT_JSON_H
#define TCPVITALS_OUTPUT_JSON_H

#include "abi/transition.h"
#include "core/escape.h"
#include "core/names.h"
#include "core/strbuf.h"
#include "core/timestamp.h"

/*
 * {"v":1,"type":"transition",...} and a newline. null stands for an unknown value: pid, comm and cgroup_id without an
 * owner; cgroup_id, cookie and netns when 0; duration_us for DURATION_UNKNOWN and a lower bound.
 */
void json_transition(struct strbuf *out, const struct transition *event, const struct timebase *base);

/*
 * Appends the members about the socket, with a comma before each, as core/append.h describes. First closes the string
 * that the caller has left open.
 */
char *json_append_socket(char *at, const struct transition *event);

/* Appends a name of the kernel in a field, untrusted, as the inside of a string, as core/append.h describes. */
char *json_append_field(char *at, const char field[ESCAPE_FIELD]);

/* Appends the member of a row for time suspended meanwhile, with a comma before it, as core/append.h describes. */
char *json_append_suspended(char *at, uint64_t suspended_ns);

/* Appends a member, with a comma before it; null if there is no name. */
void json_name(struct strbuf *out, const char *key, struct name name);

/* Adds the names that were asked for, and a zone, as last members to the object that has just been appended. */
void json_add_names(struct strbuf *out, const struct names *names);

#endif
