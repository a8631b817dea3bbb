/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Identity of this host and of its running kernel. */
#ifndef TCPVITALS_OS_HOST_H
#define TCPVITALS_OS_HOST_H

#define HOST_TEXT_MAX 65

struct host {
	char name[HOST_TEXT_MAX];    /* NUL-terminated; any process with CAP_SYS_ADMIN can choose it */
	char boot_id[HOST_TEXT_MAX]; /* random, of this boot; empty: unknown */
};

void host_read(struct host *ret);

#endif
