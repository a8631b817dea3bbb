/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* --hash-size, which all tools have: for where there is no socket storage (bpf/conn.bpf.h). */
#ifndef TCPVITALS_OS_HASH_SIZE_H
#define TCPVITALS_OS_HASH_SIZE_H

/* Sockets, of some 130 bytes each, allocated in advance. */
#define HASH_SIZE_DEFAULT 65536
#define HASH_SIZE_MAX     (16 << 20)

#define KEY_HASH_SIZE 0x500

/* For argp's table. */
#define HASH_SIZE_OPTION(group)                                                                                        \
	{                                                                                                              \
		"hash-size", KEY_HASH_SIZE, "SOCKETS", 0,                                                              \
			"how many a hash remembers, where there is no socket storage (default 65536)", group           \
	}

#endif
