/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* User accounts: looks up the account that a command runs under, and switches the process to it. */
#ifndef TCPVITALS_OS_ACCOUNT_H
#define TCPVITALS_OS_ACCOUNT_H

#include "core/parse.h"

#include <sys/types.h>

struct account {
	uid_t uid;
	gid_t gid;
	char name[257]; /* name, home and shell are empty if the system has no entry for the uid */
	char home[1024];
	char shell[256];
};

/*
 * Finds the account for `word`, a user name or a uid, which the system must have. Returns 0, or -EINVAL with the reason
 * in `error`.
 */
int account_find(const char *word, struct account *ret, struct parse_error *error);

/*
 * Reads the account of the user who called sudo(8) from SUDO_UID and SUDO_GID. Returns 0, -ENOENT (this process is not
 * root, or not under sudo) or -EINVAL with the reason in `error`.
 *
 * Bad values are an error, because a command must not run with more rights than its user has.
 */
int account_of_sudo(struct account *ret, struct parse_error *error);

/*
 * Switches this process to `account` permanently: uid, gid and supplementary groups, and HOME, SHELL, USER and LOGNAME.
 * Returns 0 or a negative errno.
 */
int account_become(const struct account *account);

#endif
