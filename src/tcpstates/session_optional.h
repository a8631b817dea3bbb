/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Optional programs of tcpstates, and programs that an option needs. */
#ifndef TCPVITALS_TCPSTATES_SESSION_OPTIONAL_H
#define TCPVITALS_TCPSTATES_SESSION_OPTIONAL_H

#include "bpfio/optional.h"

#include <stdbool.h>
#include <stddef.h>

extern const struct optional session_optional[];

/*
 * After the object could not be loaded or attached: whether a program was to blame that an option needs. If so, the
 * reason for the user is in `ret`, NUL-terminated.
 */
bool session_explain(int error, char *ret, size_t size);

#endif
