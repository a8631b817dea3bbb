/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ends a socket as `ss -K` does. */
#ifndef TESTS_KERNEL_DESTROY_H
#define TESTS_KERNEL_DESTROY_H

#include <stdint.h>

/* Ends one side of a connection over 127.0.0.1. 0 or a negative errno. */
int destroy_connection(uint16_t local_port, uint16_t remote_port);

#endif
