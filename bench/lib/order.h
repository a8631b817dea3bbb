/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The orders in which churn ends its connections, and how many changes of TCP state each of them takes. */
#ifndef BENCH_ORDER_H
#define BENCH_ORDER_H

enum order {
	ORDER_CLIENT, /* the client closes first */
	ORDER_SERVER,
	ORDER_RST, /* the client aborts the connection */
	ORDERS
};

extern const char *const order_names[ORDERS];

/* At the client, and as many at the server. */
unsigned int order_transitions(enum order order);

/* What either end does with an established connection before it closes its descriptor. 0 or a negative errno. */
int order_play_client(enum order order, int fd);
int order_play_server(enum order order, int fd);

#endif
