/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
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

/* The value, and -1 left in its place, so that the cleanup does nothing. */
#define TAKE_FD(fd)                                                                                                    \
	({                                                                                                             \
		int taken_fd_ = (fd);                                                                                  \
		(fd) = -1;                                                                                             \
		taken_fd_;                                                                                             \
	})

#endif
