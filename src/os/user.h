/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* User names and uids on the command line. */
#ifndef TCPVITALS_OS_USER_H
#define TCPVITALS_OS_USER_H

#include "core/parse.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Finds the uid for `word`, a user name or a number from 0 to 4294967294. Returns 0, or -EINVAL with the reason in
 * `error`. A word of digits is a number only if no user has that name, as for chown(1).
 */
int user_find(const char *word, size_t length, uint64_t *ret_uid, struct parse_error *error);

#endif
