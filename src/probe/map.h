/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reading maps. All return 0 or a negative errno. */
#ifndef TCPVITALS_BPFIO_MAP_H
#define TCPVITALS_BPFIO_MAP_H

/* How many values a lookup in a per-CPU map returns, or a negative errno. */
int map_cpus(void);

/* The key after `key` (NULL: the first), -ENOENT after the last. `ret` may be `key`. */
int map_next_key(int fd, const void *key, void *ret);

int map_lookup(int fd, const void *key, void *ret);

#endif
