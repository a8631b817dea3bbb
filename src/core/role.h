/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names of the roles of a connection. */
#ifndef TCPVITALS_CORE_ROLE_H
#define TCPVITALS_CORE_ROLE_H

#include "abi/connection.h"

/* "client", "server" or "unknown" */
const char *role_name(enum connection_role role);

#endif
