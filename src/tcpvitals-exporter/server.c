/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpvitals-exporter/server.h"

#include "tcpvitals-exporter/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

/* Connections at one listening socket: of all clients, and of one client's address. How long one may be idle, in s. */
#define CONNECTIONS_MAX           512
#define CONNECTIONS_OF_CLIENT_MAX 128
#define IDLE_SECONDS              30U
/* Memory for the header of a request. A longer header gets status 431. */
#define HEADER_BYTES ((size_t)16 << 10)

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

static const char *header_of(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* Whether the client takes gzip: named in Accept-Encoding, and not with the weight 0. */
static bool takes_gzip(struct MHD_Connection *connection)
{
	const char *header = header_of(connection, MHD_HTTP_HEADER_ACCEPT_ENCODING);
	const char *word = header ? strstr(header, "gzip") : NULL;

	return word && strncmp(word + strlen("gzip"), ";q=0", 4) != 0;
}

/* ---- requests --------------------------------------------------------------------------------------------------- */

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

struct reply text_reply(unsigned int status, const char *text)
{
	return (struct reply){status, "text/plain", text, strlen(text), false};
}

static enum MHD_Result send_stream(struct server *server, struct MHD_Connection *connection, const struct reply *reply)
{
	struct MHD_Response *response = stream_open(server, connection, reply);
	enum MHD_Result result;

	if (!response) {
		struct reply refusal = text_reply(503, "too many clients follow the events; close one\n");

		return send_reply(connection, &refusal);
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	result = MHD_queue_response(connection, reply->status, response);
	MHD_destroy_response(response);
	return result;
}

static const struct sockaddr *client_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *address =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	return address ? address->client_addr : NULL;
}

/* Whether a request may be answered. If not, *ret is the reply. */
static bool is_admitted(struct server *server, struct MHD_Connection *connection, struct reply *ret)
{
	const char *authorization = header_of(connection, MHD_HTTP_HEADER_AUTHORIZATION);
	enum access_answer access = ACCESS_ADMITTED;

	if (server->web && server->web->cert) {
		const union MHD_ConnectionInfo *session =
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);

		if (!access_admits_certificate(&server->access, session ? session->tls_session : NULL))
			access = ACCESS_REFUSED;
	}
	if (access == ACCESS_ADMITTED)
		access = access_ask_user(&server->access, authorization, client_of(connection));
	if (access == ACCESS_LATER)
		*ret = text_reply(MHD_HTTP_TOO_MANY_REQUESTS, "too many wrong passwords; try again\n");
	else if (access == ACCESS_REFUSED)
		*ret = text_reply(MHD_HTTP_UNAUTHORIZED, "not authorized\n");
	else
		return true;
	return false;
}

/* Is called for the header of a request, for each part of its body, and at its end. A body is not read. */
static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path, const char *method,
			      const char *version, const char *upload, size_t *upload_size, void **state)
{
	bool is_get = !strcmp(method, MHD_HTTP_METHOD_GET);
	struct server *server = context;
	struct reply reply;

	(void)version;
	(void)upload;
	if (!is_get && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
		reply = text_reply(MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
		return send_reply(connection, &reply);
	}
	if (!*state) {
		*state = server;
		return MHD_YES;
	}
	if (*upload_size)
		return MHD_NO;
	if (is_admitted(server, connection, &reply))
		reply = server->answer(server->context, path, header_of(connection, MHD_HTTP_HEADER_ACCEPT));
	if (reply.is_stream &&
	    !access_admits_host(&server->access, header_of(connection, MHD_HTTP_HEADER_HOST), client_of(connection)))
		reply = text_reply(MHD_HTTP_FORBIDDEN, "name this host by its address, or as localhost\n");
	if (reply.is_stream && is_get)
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
				  MHD_OPTION_PER_IP_CONNECTION_LIMIT, CONNECTIONS_OF_CLIENT_MAX,
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
	streams_resume(server);
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
