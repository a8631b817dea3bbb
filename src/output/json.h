/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* JSON Lines: one object per line, the schema of tcpvitals-json(5). */
#ifndef TCPVITALS_OUTPUT_JSON_H
#define TCPVITALS_OUTPUT_JSON_H

#include "abi/transition.h"
#include "core/names.h"
#include "core/strbuf.h"
#include "core/timestamp.h"

/*
 * {"v":1,"type":"transition",...} and a newline. null stands for what is not known: pid, comm and cgroup_id without an
 * owner, cgroup_id, cookie and netns when 0, duration_us for DURATION_UNKNOWN.
 */
void json_transition(struct strbuf *out, const struct transition *event, const struct timebase *base);

/*
 * What a transition says about its socket: behind an open string, which it closes, and a comma before each member. As
 * core/append.h.
 */
char *json_append_socket(char *at, const struct transition *event);

/* The member that rows have when the machine was suspended meanwhile, with a comma before it. As core/append.h. */
char *json_append_suspended(char *at, uint64_t suspended_ns);

/* A member with a comma before it; null for a name that there is not. */
void json_name(struct strbuf *out, const char *key, struct name name);

/* Adds the names that were asked for, and a zone, to the object that has just been appended, as its last members. */
void json_add_names(struct strbuf *out, const struct names *names);

#endif
