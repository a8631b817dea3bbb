/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "metrics_probe.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/labels.h"
#include "machine.h"
#include "os/netns.h"
#include "require.h"
#include "traffic.h"

static void open_probe(struct scope *scope, const uint16_t *ports, size_t port_count, const char *label,
		       unsigned int scans, struct probe *ret)
{
	struct probe_wants wants = {
		.tool = "metrics",
		.emits = EMIT_METRICS | EMIT_SAMPLES | EMIT_SNAPSHOTS | scans,
		.scope = scope,
		.stuck = {.longer_ns = 1, .states = 1 << STATE_CLOSE_WAIT},
		.samples = {.kind = RTT_SRTT, .max_keys = METRICS_PROBE_GROUPS},
		.owners = true,
		.uses_older_sockets = true,
		.hash_size = 1024,
		.buffer_size = 1 << 16,
		.rings = 1,
	};
	struct parse_error unused;
	struct probe_error why;
	struct labels labels;
	char text[8];

	need_machine("socket_storage");
	require(!labels_parse(label, &labels, &unused), "no label");
	wants.samples.grouping = labels.grouping;
	memset(scope, 0, sizeof(*scope));
	for (size_t i = 0; i < port_count; i++) {
		snprintf(text, sizeof(text), "%u", ports[i]);
		require(!scope_add_ports(scope, false, text, &unused), "no port");
	}
	require(!scope_complete(scope, false, &unused), "no scope");
	require(!probe_open(&wants, ret, &why), "%s", why.text);
}

void metrics_probe_open(struct scope *scope, const uint16_t *ports, size_t port_count, const char *label,
			struct probe *ret)
{
	open_probe(scope, ports, port_count, label, 0, ret);
}

uint16_t metrics_probe_open_port(struct scope *scope, const char *label, struct probe *ret)
{
	uint16_t port;
	int reserved = reserve_port(IPV4, &port);

	metrics_probe_open(scope, &port, 1, label, ret);
	close(reserved);
	return port;
}

void metrics_probe_open_with_scans(struct scope *scope, const uint16_t *ports, size_t port_count, const char *label,
				   struct probe *ret)
{
	open_probe(scope, ports, port_count, label, EMIT_SCANS, ret);
}

void metrics_probe_walk(struct probe *probe, struct walk_result *ret)
{
	struct netns_omissions omissions;

	require(!metrics_walk(probe, ret, &omissions), "no walk");
}
