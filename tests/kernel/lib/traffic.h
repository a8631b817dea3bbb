/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Real connections over loopback. Every wait ends after 10 s with a failure. */
#ifndef TESTS_KERNEL_TRAFFIC_H
#define TESTS_KERNEL_TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum flavour {
	IPV4,
	IPV6,
	IPV4_TO_DUAL_STACK, /* an AF_INET client of an AF_INET6 listener */
	MAPPED_TO_IPV4,     /* an AF_INET6 client of an AF_INET listener, through ::ffff:127.0.0.1 */
	FLAVOURS
};

const char *flavour_name(enum flavour flavour);

/* A socket that listens on a port nobody uses. */
int listen_on(enum flavour flavour, uint16_t *ret_port);

/* The same on a port of the test's choice. */
int listen_at(enum flavour flavour, uint16_t port);

/* A socket that only keeps a port nobody uses: connections to it are refused. */
int reserve_port(enum flavour flavour, uint16_t *ret_port);

/* A client's socket, not connected yet, and its connect(): 0 or a negative errno. */
int client_socket(enum flavour flavour);
int client_socket_at(enum flavour flavour, uint16_t local_port);
int connect_socket(int fd, enum flavour flavour, uint16_t port);
int disconnect_socket(int fd);

/* Both at once; fails the test if it is not accepted. */
int connect_to(enum flavour flavour, uint16_t port);

int accept_from(int listener);

uint16_t local_port(int fd);
void send_byte(int fd);
void receive_byte(int fd);
void await_byte(int fd);             /* and leaves it there: on a busy machine even loopback takes its time */
void await_connection(int listener); /* and leaves it in the accept queue */
void receive_end(int fd);
void receive_reset(int fd);

/* Waits until the socket is in this state. */
void wait_for_state(int fd, const char *state);

/* setsockopt() with a number; fails the test if it is not taken. */
void set_option(int fd, int level, int option, int value);

/* The next close() sends a reset. */
void linger_zero(int fd);

/* Both. */
void abort_socket(int fd);

/* Returns once no socket of this network namespace with one of the ports is in a state other than TIME_WAIT. */
void settle(const uint16_t *ports, size_t count);

#endif
