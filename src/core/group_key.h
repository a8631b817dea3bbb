/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The key of a connection's group, the same as that of the kernel side (abi/group_key.h). */
#ifndef TCPVITALS_CORE_GROUP_KEY_H
#define TCPVITALS_CORE_GROUP_KEY_H

#include "abi/connection.h"
#include "abi/group_key.h"
#include "core/grouping.h"

#include <stdint.h>

/* Ports from `ephemeral_first` to `ephemeral_last` are ephemeral; 0 and 0: none is. */
struct group_settings group_settings_of(const struct grouping *grouping, uint16_t ephemeral_first,
					uint16_t ephemeral_last);

struct group_key group_key_of(const struct group_settings *settings, const struct connection *connection);

#endif
