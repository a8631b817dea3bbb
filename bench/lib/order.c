/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "order.h"

#include <errno.h>
#include <sys/socket.h>

const char *const order_names[ORDERS] = {
	[ORDER_CLIENT] = "client",
	[ORDER_SERVER] = "server",
	[ORDER_RST] = "rst",
};

unsigned int order_transitions(enum order order)
{
	/*
	 * Orderly: SYN_SENT, ESTABLISHED, FIN_WAIT1, FIN_WAIT2, CLOSE on one side and SYN_RECV, ESTABLISHED,
	 * CLOSE_WAIT, LAST_ACK, CLOSE on the other. Reset: SYN_SENT or SYN_RECV, ESTABLISHED, CLOSE on each.
	 */
	return order == ORDER_RST ? 3 : 5;
}

/* One byte, or the other end's FIN: the number of bytes, or a negative errno. */
static int receive(int fd)
{
	char byte;
	ssize_t n;

	do {
		n = recv(fd, &byte, 1, 0);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : (int)n;
}

static int wait_for_end(int fd)
{
	int n = receive(fd);

	return n > 0 ? -EPROTO : n;
}

static int close_first(int fd)
{
	/* the other end's FIN is waited for, so that FIN_WAIT2 ends while the socket is still open */
	return shutdown(fd, SHUT_WR) < 0 ? -errno : wait_for_end(fd);
}

/*
 * Not before the server has accepted it, and says so. A client that does not wait for the server fills the accept queue
 * while that one gets no CPU; then SYNs are dropped, and the load rests for a second until they are repeated.
 */
static int abort_accepted(int fd)
{
	const struct linger abort_now = {.l_onoff = 1};
	int n = receive(fd);

	if (n != 1)
		return n < 0 ? n : -EPROTO;
	return setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort_now, sizeof(abort_now)) < 0 ? -errno : 0;
}

static int wait_for_abort(int fd)
{
	int n;

	if (send(fd, "x", 1, MSG_NOSIGNAL) != 1)
		return -errno;
	n = receive(fd);
	if (n == -ECONNRESET)
		return 0;
	return n < 0 ? n : -EPROTO;
}

int order_play_client(enum order order, int fd)
{
	switch (order) {
	case ORDER_CLIENT:
		return close_first(fd);
	case ORDER_SERVER:
		return wait_for_end(fd);
	default:
		return abort_accepted(fd);
	}
}

int order_play_server(enum order order, int fd)
{
	switch (order) {
	case ORDER_CLIENT:
		return wait_for_end(fd);
	case ORDER_SERVER:
		return close_first(fd);
	default:
		return wait_for_abort(fd);
	}
}
