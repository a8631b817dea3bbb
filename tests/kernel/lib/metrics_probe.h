/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A probe as tcpvitals-exporter opens it, for some local ports. */
#ifndef TESTS_KERNEL_METRICS_PROBE_H
#define TESTS_KERNEL_METRICS_PROBE_H

#include <stddef.h>
#include <stdint.h>

#include "core/scope.h"
#include "probe/metrics.h"
#include "probe/probe.h"

/* Groups besides GROUP_OTHER. */
#define METRICS_PROBE_GROUPS 16

/*
 * Skips the test where the kernel does not allow it. `scope` must live as long as the probe. Call probe_close()
 * afterwards.
 */
void metrics_probe_open(struct scope *scope, const uint16_t *ports, size_t port_count, const char *label,
			struct probe *ret);

/* The same for one free port, which is returned. */
uint16_t metrics_probe_open_port(struct scope *scope, const char *label, struct probe *ret);

/* metrics_probe_open(), with scans for stuck connections: no socket is in the table, all are in socket storage. */
void metrics_probe_open_with_scans(struct scope *scope, const uint16_t *ports, size_t port_count, const char *label,
				   struct probe *ret);

void metrics_probe_walk(struct probe *probe, struct walk_result *ret);

#endif
