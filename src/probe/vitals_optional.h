/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The optional programs of the object for kernels with BTF. */
#ifndef TCPVITALS_PROBE_VITALS_OPTIONAL_H
#define TCPVITALS_PROBE_VITALS_OPTIONAL_H

#include "probe/optional.h"

extern const struct optional vitals_optional[];

#endif
