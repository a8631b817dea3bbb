/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The names of TCP ports in a file like /etc/services, read once: nobody is asked, no network, no name service. */
#ifndef TCPVITALS_OS_SERVICES_H
#define TCPVITALS_OS_SERVICES_H

#include "core/names.h"

#include <stdint.h>

#define SERVICES_FILE "/etc/services"

struct services {
	char **names; /* one for each port, or NULL */
};

/* 0 or a negative errno; on success give it to services_close(). */
int services_open(const char *path, struct services *ret);
void services_close(struct services *services);

/* The first name that the file has for the port; NULL bytes without one. */
struct name services_name(const struct services *services, uint16_t port);

#endif
