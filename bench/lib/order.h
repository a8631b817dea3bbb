/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The orders in which churn ends its connections, and the number of transitions that each order causes. */
#ifndef BENCH_ORDER_H
#define BENCH_ORDER_H

enum order {
	ORDER_CLIENT, /* the client closes first */
	ORDER_SERVER,
	ORDER_RST, /* the client aborts the connection */
	ORDERS
};

extern const char *const order_names[ORDERS];

/* Transitions of the client. The server has the same number. */
unsigned int order_transitions(enum order order);

/*
 * The client's and the server's part with an established connection, before they close their descriptors. 0 or a
 * negative errno.
 */
int order_play_client(enum order order, int fd);
int order_play_server(enum order order, int fd);

#endif
