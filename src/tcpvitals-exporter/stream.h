/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The clients that follow the events of the page. */
#ifndef TCPVITALS_EXPORTER_STREAM_H
#define TCPVITALS_EXPORTER_STREAM_H

#include "tcpvitals-exporter/server.h"

struct MHD_Connection;
struct MHD_Response;

/*
 * Makes the response to a client that follows from now on; `reply` is the first event. The caller destroys the response
 * after queueing it. Returns NULL without memory, or if too many clients follow already.
 */
struct MHD_Response *stream_open(struct server *server, struct MHD_Connection *connection, const struct reply *reply);

/* Lets all clients go on that wait for an event, because the server ends. */
void streams_resume(struct server *server);

#endif
