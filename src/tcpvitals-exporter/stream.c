/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpvitals-exporter/stream.h"

#include <microhttpd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of events that are sent at a time. */
#define STREAM_BLOCK ((size_t)8 << 10)

/* A client that follows the events. */
struct stream {
	struct stream *next;
	struct server *server;
	struct MHD_Connection *connection;
	char *text; /* of the last event */
	size_t length, sent;
	bool is_suspended; /* until the next event */
};

static ssize_t read_stream(void *context, uint64_t position, char *buffer, size_t size)
{
	struct stream *stream = context;
	size_t left = stream->length - stream->sent;

	(void)position;
	if (stream->server->is_ending)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (!left) {
		stream->is_suspended = true;
		MHD_suspend_connection(stream->connection);
		return 0;
	}
	left = left < size ? left : size;
	memcpy(buffer, stream->text + stream->sent, left);
	stream->sent += left;
	return (ssize_t)left;
}

static void free_stream(void *context)
{
	struct stream *stream = context;
	struct stream **link = &stream->server->streams;

	while (*link && *link != stream)
		link = &(*link)->next;
	if (*link) {
		*link = stream->next;
		stream->server->stream_count--;
	}
	free(stream->text);
	free(stream);
}

/* Sets the text to send. Without memory the client misses an event. */
static void set_text(struct stream *stream, const char *text, size_t length)
{
	char *copy = malloc(length);

	if (!copy)
		return;
	memcpy(copy, text, length);
	free(stream->text);
	stream->text = copy;
	stream->length = length;
	stream->sent = 0;
}

static void resume(struct stream *stream)
{
	if (!stream->is_suspended)
		return;
	stream->is_suspended = false;
	MHD_resume_connection(stream->connection);
}

void server_publish(struct server *server, const char *text, size_t length)
{
	for (struct stream *stream = server->streams; stream; stream = stream->next) {
		if (stream->sent < stream->length)
			continue;
		set_text(stream, text, length);
		resume(stream);
	}
}

struct MHD_Response *stream_open(struct server *server, struct MHD_Connection *connection, const struct reply *reply)
{
	struct stream *stream = server->stream_count < STREAMS_MAX ? calloc(1, sizeof(*stream)) : NULL;
	struct MHD_Response *response;

	if (!stream)
		return NULL;
	stream->server = server;
	stream->connection = connection;
	set_text(stream, reply->body, reply->length);
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream, stream, free_stream);
	if (!response) {
		free(stream->text);
		free(stream);
		return NULL;
	}
	stream->next = server->streams;
	server->streams = stream;
	server->stream_count++;
	return response;
}

void streams_resume(struct server *server)
{
	for (struct stream *stream = server->streams; stream; stream = stream->next)
		resume(stream);
}
