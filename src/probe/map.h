/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads BPF maps. Functions return 0 or a negative errno, unless a comment differs. */
#ifndef TCPVITALS_PROBE_MAP_H
#define TCPVITALS_PROBE_MAP_H

/* Returns the number of values of a look-up in a per-CPU map, or a negative errno. */
int map_cpus(void);

/* Reads the key after `key` (NULL: the first). Returns -ENOENT after the last. `ret` may be `key`. */
int map_next_key(int fd, const void *key, void *ret);

int map_lookup(int fd, const void *key, void *ret);

#endif
