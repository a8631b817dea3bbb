/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpvitals-exporter/socket_activation.h"

#include <errno.h>

#ifdef HAVE_LIBSYSTEMD
#include <systemd/sd-daemon.h>

int socket_activation_find(int *ret_first)
{
	int count = sd_listen_fds(1);

	*ret_first = SD_LISTEN_FDS_START;
	return count ? count : -ENOENT;
}
#else
int socket_activation_find(int *ret_first)
{
	(void)ret_first;
	return -EOPNOTSUPP;
}
#endif
