/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names of TCP ports from a file like /etc/services. The file is read once; no name service and no network is used. */
#ifndef TCPVITALS_OS_SERVICES_H
#define TCPVITALS_OS_SERVICES_H

#include "core/names.h"

#include <stdint.h>

#define SERVICES_FILE "/etc/services"

struct services {
	char **names; /* one entry for each port, host byte order; NULL: no name */
};

/* Reads the file. Returns 0 or a negative errno. After success, call services_close(). */
int services_open(const char *path, struct services *ret);
void services_close(struct services *services);

/* Returns the first name that the file has for the port. The bytes are NULL if it has none. */
struct name services_name(const struct services *services, uint16_t port);

#endif
