/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A probe for the sockets of one local port, older ones included. */
#ifndef TESTS_KERNEL_PORT_PROBE_H
#define TESTS_KERNEL_PORT_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/scope.h"
#include "probe/probe.h"

/*
 * `wants` has what differs between tests: tool, emits, buffer_size and more; the rest is filled in. `connections`: as
 * for scope_complete(). Fails the test if the probe does not open. `scope`, zeroed, must live as long as the probe.
 * Call probe_close() afterwards.
 */
void port_probe_open(struct probe_wants wants, bool connections, struct scope *scope, uint16_t port, struct probe *ret);

#endif
