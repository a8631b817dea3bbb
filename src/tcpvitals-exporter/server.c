/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpvitals-exporter/server.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

/* Connections of one address at a time, and how long one may be idle, in s. */
#define CONNECTIONS_MAX 256
#define IDLE_SECONDS    30U
/* Memory for the header of a request. A longer header gets status 431. */
#define HEADER_BYTES ((size_t)16 << 10)
/* Bytes of events that are sent at a time. */
#define STREAM_BLOCK ((size_t)8 << 10)

/* A page may load its own files and events, and nothing else. */
#define POLICY                                                                                                         \
	"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri "        \
	"'none'; "                                                                                                     \
	"form-action 'none'; frame-ancestors 'none'"

/* Compresses the body as gzip(1) does. Returns NULL on failure: the body goes out as it is. */
static struct MHD_Response *compress_body(const struct reply *reply)
{
	z_stream stream = {.next_in = (Bytef *)reply->body, .avail_in = (uInt)reply->length};
	struct MHD_Response *response = NULL;
	uLong bound;
	void *bytes;

	/* 16: the header of gzip */
	if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, MAX_WBITS + 16, MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		return NULL;
	bound = deflateBound(&stream, (uLong)reply->length);
	bytes = malloc(bound);
	stream.next_out = bytes;
	stream.avail_out = (uInt)bound;
	if (bytes && deflate(&stream, Z_FINISH) == Z_STREAM_END)
		response = MHD_create_response_from_buffer(stream.total_out, bytes, MHD_RESPMEM_MUST_FREE);
	if (!response)
		free(bytes);
	deflateEnd(&stream);
	return response;
}

/* Whether the client takes gzip: named in Accept-Encoding, and not with the weight 0. */
static bool takes_gzip(struct MHD_Connection *connection)
{
	const char *header = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT_ENCODING);
	const char *word = header ? strstr(header, "gzip") : NULL;

	return word && strncmp(word + strlen("gzip"), ";q=0", 4) != 0;
}

/* ---- streams ---------------------------------------------------------------------------------------------------- */

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

/* Returns NULL without memory, or if too many clients follow already. */
static struct MHD_Response *open_stream(struct server *server, struct MHD_Connection *connection,
					const struct reply *reply)
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

/* ---- requests --------------------------------------------------------------------------------------------------- */

static enum MHD_Result send_refusal(struct MHD_Connection *connection)
{
	static const char text[] = "too many clients follow the events; close one\n";
	struct MHD_Response *response =
		MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result = response ? MHD_queue_response(connection, 503, response) : MHD_NO;

	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result send_stream(struct server *server, struct MHD_Connection *connection, const struct reply *reply)
{
	struct MHD_Response *response = open_stream(server, connection, reply);
	enum MHD_Result result;

	if (!response)
		return send_refusal(connection);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	result = MHD_queue_response(connection, reply->status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result send_reply(struct MHD_Connection *connection, const struct reply *reply)
{
	struct MHD_Response *response = takes_gzip(connection) ? compress_body(reply) : NULL;
	enum MHD_Result result;

	if (response)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
	else
		response = MHD_create_response_from_buffer(reply->length, (void *)reply->body, MHD_RESPMEM_MUST_COPY);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, "Accept, Accept-Encoding");
	MHD_add_response_header(response, "Content-Security-Policy", POLICY);
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	if (reply->status == MHD_HTTP_UNAUTHORIZED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Basic realm=\"tcpvitals\"");
	if (reply->status == MHD_HTTP_TOO_MANY_REQUESTS)
		MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
	if (reply->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	result = MHD_queue_response(connection, reply->status, response);
	MHD_destroy_response(response);
	return result;
}

static enum access_answer ask_access(struct server *server, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *session =
		server->web && server->web->cert
			? MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION)
			: NULL;

	if (session && !access_admits_certificate(&server->access, session->tls_session))
		return ACCESS_REFUSED;
	return access_ask_user(&server->access,
			       MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION));
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path, const char *method,
			      const char *version, const char *upload, size_t *upload_size, void **state)
{
	static const char refusal[] = "only GET and HEAD\n", stranger[] = "not authorized\n",
			  later[] = "too many wrong passwords; try again\n";
	struct server *server = context;
	enum access_answer access;
	struct reply reply = {MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain", refusal, strlen(refusal), false};

	(void)version;
	(void)upload;
	/* The first call has the header only; a body is read and thrown away. */
	if (!*state) {
		*state = server;
		return MHD_YES;
	}
	if (*upload_size) {
		*upload_size = 0;
		return MHD_YES;
	}
	access = ask_access(server, connection);
	if (access == ACCESS_LATER)
		reply = (struct reply){MHD_HTTP_TOO_MANY_REQUESTS, "text/plain", later, strlen(later), false};
	else if (access == ACCESS_REFUSED)
		reply = (struct reply){MHD_HTTP_UNAUTHORIZED, "text/plain", stranger, strlen(stranger), false};
	else if (!strcmp(method, MHD_HTTP_METHOD_GET) || !strcmp(method, MHD_HTTP_METHOD_HEAD))
		reply = server->answer(
			server->context, path,
			MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT));
	if (reply.is_stream && !strcmp(method, MHD_HTTP_METHOD_GET))
		return send_stream(server, connection, &reply);
	return send_reply(connection, &reply);
}

/* libmicrohttpd's messages are about single clients, which get a status for what they did wrong. */
static void be_silent(void *context, const char *format, va_list arguments)
{
	(void)context;
	(void)format;
	(void)arguments;
}

int server_add(struct server *server, int listen_fd)
{
	if (server->count == SERVERS_MAX) {
		close(listen_fd);
		return -ENOSPC;
	}
	server->listen_fds[server->count++] = listen_fd;
	return 0;
}

/* The protocol versions for GnuTLS. */
static const char *priorities_of(const struct web_config *config)
{
	if (config->max_version == TLS_VERSION_12)
		return "NORMAL:-VERS-ALL:+VERS-TLS1.2";
	return config->min_version == TLS_VERSION_13 ? "NORMAL:-VERS-ALL:+VERS-TLS1.3"
						     : "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";
}

/* Starts a daemon on a copy of the listening socket, because the daemon closes its own. */
static struct MHD_Daemon *start_daemon(struct server *server, int listen_fd)
{
	const struct web_file *web = server->web;
	struct MHD_OptionItem tls[] = {
		{MHD_OPTION_HTTPS_MEM_CERT, 0, web ? web->cert : NULL},
		{MHD_OPTION_HTTPS_MEM_KEY, 0, web ? web->key : NULL},
		{MHD_OPTION_HTTPS_PRIORITIES, 0, web ? (void *)priorities_of(&web->config) : NULL},
		{web && web->client_ca ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0, web ? web->client_ca : NULL},
		{MHD_OPTION_END, 0, NULL},
	};
	bool is_secure = web && web->cert;
	unsigned int flags =
		MHD_USE_EPOLL | MHD_USE_ERROR_LOG | MHD_ALLOW_SUSPEND_RESUME | (is_secure ? MHD_USE_TLS : 0);
	int fd = fcntl(listen_fd, F_DUPFD_CLOEXEC, 0);
	struct MHD_Daemon *daemon;

	if (fd < 0)
		return NULL;
	daemon = MHD_start_daemon(flags, 0, NULL, NULL, handle, server, MHD_OPTION_EXTERNAL_LOGGER, be_silent, NULL,
				  MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
				  MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
				  HEADER_BYTES, MHD_OPTION_ARRAY, is_secure ? tls : &tls[4], MHD_OPTION_END);
	if (!daemon)
		close(fd);
	return daemon;
}

void server_run(struct server *server)
{
	for (size_t i = 0; i < server->count; i++) {
		if (server->daemons[i])
			MHD_run(server->daemons[i]);
	}
}

void server_stop(struct server *server)
{
	server->is_ending = true;
	for (struct stream *stream = server->streams; stream; stream = stream->next)
		resume(stream);
	server_run(server);
	for (size_t i = 0; i < server->count; i++) {
		if (server->daemons[i])
			MHD_stop_daemon(server->daemons[i]);
		server->daemons[i] = NULL;
	}
	server->is_ending = false;
}

int server_start(struct server *server, const struct web_file *web, struct event_loop *loop)
{
	static const struct web_config open_to_all;

	server_stop(server);
	server->web = web;
	server->access = (struct access){.config = web ? &web->config : &open_to_all};
	for (size_t i = 0; i < server->count; i++) {
		const union MHD_DaemonInfo *info;
		int error;

		errno = 0;
		server->daemons[i] = start_daemon(server, server->listen_fds[i]);
		if (!server->daemons[i])
			return errno ? -errno : -EIO;
		info = MHD_get_daemon_info(server->daemons[i], MHD_DAEMON_INFO_EPOLL_FD);
		error = info ? event_loop_add_service(loop, info->epoll_fd) : -EIO;
		if (error)
			return error;
	}
	return 0;
}

void server_close(struct server *server)
{
	server_stop(server);
	for (size_t i = 0; i < server->count; i++)
		close(server->listen_fds[i]);
	server->count = 0;
}

int server_timeout_ms(const struct server *server)
{
	MHD_UNSIGNED_LONG_LONG timeout;
	int least = -1;

	for (size_t i = 0; i < server->count; i++) {
		if (server->daemons[i] && MHD_get_timeout(server->daemons[i], &timeout) == MHD_YES &&
		    (least < 0 || timeout < (MHD_UNSIGNED_LONG_LONG)least))
			least = timeout > INT_MAX ? INT_MAX : (int)timeout;
	}
	return least;
}
