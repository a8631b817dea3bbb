/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TCPVITALS_OS_USER_H
#define TCPVITALS_OS_USER_H

#include "core/parse.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The uid that `word` means: a user's name, or a number from 0 to 4294967294. 0, or -EINVAL and `error`. A name of
 * digits is a number, as for chown(1) when there is no such user.
 */
int user_find(const char *word, size_t length, uint64_t *ret_uid, struct parse_error *error);

#endif
