/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/role.h"

const char *role_name(enum connection_role role)
{
	return role == ROLE_CLIENT ? "client" : role == ROLE_SERVER ? "server" : "unknown";
}
