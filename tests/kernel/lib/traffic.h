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

/* Opens a listener on a free port. */
int listen_on(enum flavour flavour, uint16_t *ret_port);

/* Opens a listener on a port that the test chooses. */
int listen_at(enum flavour flavour, uint16_t port);

/* A socket that reserves a free port without listening: the kernel refuses connections to that port. */
int reserve_port(enum flavour flavour, uint16_t *ret_port);

/*
 * client_socket() makes a socket for a client. connect_socket() and disconnect_socket() return 0 or a negative errno.
 */
int client_socket(enum flavour flavour);
int client_socket_at(enum flavour flavour, uint16_t local_port);
int connect_socket(int fd, enum flavour flavour, uint16_t port);
int disconnect_socket(int fd);

/* client_socket() and connect_socket(). Fails the test if the connection fails. */
int connect_to(enum flavour flavour, uint16_t port);

/*
 * Accepts a connection. The kernel may forget to wake accept() when the last ACK of the handshake and the first data
 * are handled on two CPUs at the same moment, with different timestamps (before 6.14 and its backports: 8d52da23b6c6,
 * "tcp: Defer ts_recent changes until req is owned"; in 5.10 with PAWSEstab in netstat). So each second another
 * accept() looks.
 */
int accept_from(int listener);

/* The same with one accept(), which the listener's SO_RCVTIMEO may end: returns -1 then. */
int accept_once(int listener);

uint16_t local_port(int fd);
/* A byte there and a byte back, that many times. */
void exchange_bytes(int client, int server, unsigned int times);

void send_byte(int fd);
void receive_byte(int fd);
void await_byte(int fd);             /* leaves the byte there: on a busy machine even loopback takes time */
void await_connection(int listener); /* leaves the connection in the accept queue */
void receive_end(int fd);
void receive_reset(int fd);

/* Waits until the socket is in this state. */
void wait_for_state(int fd, const char *state);

/* Allows this process so many descriptors and 100 more. Skips the test where that is not possible. */
void allow_descriptors(size_t count);

/* setsockopt() with a number. Fails the test on error. */
void set_option(int fd, int level, int option, int value);

/* Makes the next close() send a reset. */
void linger_zero(int fd);

/* linger_zero() and close(). */
void abort_socket(int fd);

/*
 * Returns when no socket of this network namespace with one of the ports is in a state other than TIME_WAIT. (A
 * reserved port is in CLOSE, which does not count.)
 */
void settle(const uint16_t *ports, size_t count);

#endif
