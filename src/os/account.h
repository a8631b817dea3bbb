/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The user that a command is run as. */
#ifndef TCPVITALS_OS_ACCOUNT_H
#define TCPVITALS_OS_ACCOUNT_H

#include "core/parse.h"

#include <sys/types.h>

struct account {
	uid_t uid;
	gid_t gid;
	char name[257]; /* empty, like the others, when the system does not know the uid */
	char home[1024];
	char shell[256];
};

/* Of a user's name or uid, which the system must know. 0, or -EINVAL and `error`. */
int account_find(const char *word, struct account *ret, struct parse_error *error);

/*
 * Who called sudo(8), from the environment. 0; -ENOENT when we are not root or it was not sudo; or -EINVAL and `error`,
 * rather than to run something with too many rights.
 */
int account_of_sudo(struct account *ret, struct parse_error *error);

/* Makes this process that user's for good, with the user's groups, HOME, SHELL, USER and LOGNAME. 0 or a negative
 * errno. */
int account_become(const struct account *account);

#endif
