/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "port_probe.h"

#include <stdio.h>

#include "require.h"
#include "test.h"

void port_probe_open(struct probe_wants wants, bool connections, struct scope *scope, uint16_t port, struct probe *ret)
{
	struct parse_error unused;
	struct probe_error why;
	char text[8];

	wants.scope = scope;
	wants.owners = true;
	wants.uses_older_sockets = true;
	wants.rings = 1;
	wants.hash_size = 1024;
	snprintf(text, sizeof(text), "%u", port);
	require(!scope_add_ports(scope, false, text, &unused) && !scope_complete(scope, connections, &unused),
		"no scope");
	require(!probe_open(&wants, ret, &why), "%s", why.text);
}
