/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Cleanup attributes: close a descriptor at the end of its scope, or hand it over with TAKE_FD(). */
#ifndef TCPVITALS_OS_CLEANUP_H
#define TCPVITALS_OS_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define _cleanup_close_ __attribute__((cleanup(cleanup_close)))

/* Returns the value of `fd` and sets `fd` to -1, so that the cleanup does not close it. */
#define TAKE_FD(fd)                                                                                                    \
	({                                                                                                             \
		int taken_fd_ = (fd);                                                                                  \
		(fd) = -1;                                                                                             \
		taken_fd_;                                                                                             \
	})

#endif
