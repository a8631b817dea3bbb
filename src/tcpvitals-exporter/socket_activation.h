/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sockets that systemd has opened for this process (--web.systemd-socket, sd_listen_fds(3)). */
#ifndef TCPVITALS_EXPORTER_SOCKET_ACTIVATION_H
#define TCPVITALS_EXPORTER_SOCKET_ACTIVATION_H

/*
 * Returns the number of sockets, and the first descriptor in *ret_first; the others follow. A negative errno: -ENOENT,
 * systemd has opened none; -EOPNOTSUPP, built without libsystemd.
 */
int socket_activation_find(int *ret_first);

#endif
