/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The HTTP server: libmicrohttpd in this process's event loop, without threads. */
#ifndef TCPVITALS_EXPORTER_SERVER_H
#define TCPVITALS_EXPORTER_SERVER_H

#include "os/event_loop.h"
#include "tcpvitals-exporter/access.h"
#include "tcpvitals-exporter/web_file.h"

#include <stdbool.h>
#include <stddef.h>

#define SERVERS_MAX 8

struct MHD_Daemon;

/* The answer to a request. `body` is copied. */
struct reply {
	unsigned int status; /* 200 */
	const char *type;    /* of the body: "text/plain" */
	const char *body;
	size_t length;
	bool is_stream; /* the body is the first event; server_publish() adds others */
};

/* A reply of plain text. `text` is NUL-terminated. */
struct reply text_reply(unsigned int status, const char *text);

/* Clients that may follow the events at a time. */
#define STREAMS_MAX 16

struct stream;

/* Answers GET and HEAD for a path. `accept` is the header, or NULL. */
typedef struct reply answer_request(void *context, const char *path, const char *accept);

struct server {
	int listen_fds[SERVERS_MAX];             /* one for each address */
	struct MHD_Daemon *daemons[SERVERS_MAX]; /* the same */
	size_t count;
	const struct web_file *web; /* TLS and users; NULL: neither */
	struct access access;
	answer_request *answer;
	void *context;
	struct stream *streams; /* a list */
	size_t stream_count;
	bool is_ending;
};

/* Adds a listening socket, which the server owns from then on. Returns 0 or -ENOSPC. */
int server_add(struct server *server, int listen_fd);

/*
 * Begins to serve on all sockets, with the certificates and users of `web` (NULL: none), which must stay until
 * server_stop(). Returns 0 or a negative errno. Call server_close() afterwards.
 */
int server_start(struct server *server, const struct web_file *web, struct event_loop *loop);
void server_stop(struct server *server); /* ends all connections; the sockets go on listening */
void server_close(struct server *server);

/* Sends an event to all clients that follow. A client that has not taken the last one yet misses this one. */
void server_publish(struct server *server, const char *text, size_t length);

/* Handles EVENT_SERVICE and timeouts. */
void server_run(struct server *server);

/* Returns the time until server_run() has something to do, in ms; -1: nothing. */
int server_timeout_ms(const struct server *server);

#endif
