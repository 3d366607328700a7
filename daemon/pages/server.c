/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A visit that waits for esafed is suspended, so that a slow answer holds up nobody else. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include <microhttpd.h>

#include "clock.h"
#include "log.h"
#include "server.h"
#include "webloop.h"

#define CONNECTIONS 256 /* of each socket */
#define PER_ADDRESS 24
#define SECONDS 15      /* a connection without progress is closed */
#define HEARD_MS 20000  /* so long may a request take to be whole, with whatever progress */
#define LOOK_MS 2000
#define BODY_BYTES (1u << 20) /* more than that is not even read to its end */
#define HEAD_BYTES 32768
#define SOCKETS (3 * SETTINGS_LISTEN)

struct socket {
	struct server *server;
	struct webloop web;
	bool tls, figures;
};

/* A connection; while a request is being read, since when. */
struct line {
	struct line *next, **link;
	int fd;
	uint64_t since_ms; /* 0: the request is whole */
};

struct server {
	struct pages *pages;
	struct line *lines;
	struct loop_source *look;
	struct socket socket[SOCKETS];
	unsigned n;
	unsigned waiting; /* suspended visits */
};

static const struct {
	const char *name, *value;
} headers[] = {
	{ "Cache-Control", "no-store" },
	{ "Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
				     "frame-ancestors 'none'" },
	{ "X-Frame-Options", "DENY" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "Referrer-Policy", "same-origin" }, /* with no-referrer our own forms would say "Origin: null" */
	{ "Cross-Origin-Resource-Policy", "same-origin" },
};

/* ---- answers ---- */

static enum MHD_Result send_answer(struct visit *visit)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(visit->len, visit->text, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	visit->text = NULL;
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++)
		MHD_add_response_header(response, headers[i].name, headers[i].value);
	MHD_add_response_header(response, "Content-Type", visit->type ?: "text/plain; charset=utf-8");
	if (*visit->location)
		MHD_add_response_header(response, "Location", visit->location);
	if (*visit->set_cookie)
		MHD_add_response_header(response, "Set-Cookie", visit->set_cookie);
	if (visit->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, "Allow", "GET, HEAD, POST");
	/* A name that is refused today leads elsewhere tomorrow: nothing may stay open to it. */
	if (!visit->own_host || visit->over)
		MHD_add_response_header(response, "Connection", "close");
	result = MHD_queue_response(visit->connection, visit->status, response);
	MHD_destroy_response(response);
	return result;
}

/* ---- connections ---- */

static void on_line(void *ctx, struct MHD_Connection *connection, void **own, enum MHD_ConnectionNotificationCode code)
{
	struct server *server = ctx;
	struct line *line = *own;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (line && line->next)
			line->next->link = line->link;
		if (line)
			*line->link = line->next;
		free(line);
		return;
	}
	line = calloc(1, sizeof(*line));
	if (!line)
		return;
	line->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	line->since_ms = clock_monotonic_ms();
	line->next = server->lines;
	line->link = &server->lines;
	if (line->next)
		line->next->link = &line->next;
	server->lines = *own = line;
}

static struct line *line_of(struct MHD_Connection *connection)
{
	static struct line unknown; /* there was no memory for it */
	struct line *line = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;

	return line ? line : &unknown;
}

/*
 * A byte now and then keeps a connection from being idle: a few devices could hold all there are. Who has not asked in
 * time is hung up on.
 */
static void look_at_lines(void *ctx)
{
	struct server *server = ctx;
	uint64_t now = clock_monotonic_ms();

	for (struct line *line = server->lines; line; line = line->next) {
		if (!line->since_ms || now - line->since_ms < HEARD_MS)
			continue;
		server->pages->count[COUNT_SLOW]++;
		line->since_ms = 0;
		shutdown(line->fd, SHUT_RDWR);
	}
}

/* ---- requests ---- */

static void take_source(struct visit *visit, const struct sockaddr *from)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)from;
	const struct sockaddr_in *four = (const struct sockaddr_in *)from;

	if (from->sa_family == AF_INET) {
		memcpy(visit->source, mapped, sizeof(mapped));
		memcpy(visit->source + 12, &four->sin_addr, 4);
		inet_ntop(AF_INET, &four->sin_addr, visit->address, sizeof(visit->address));
	} else {
		memcpy(visit->source, &six->sin6_addr, 16);
		inet_ntop(AF_INET6, &six->sin6_addr, visit->address, sizeof(visit->address));
	}
}

static const char *header(struct visit *visit, const char *name)
{
	return MHD_lookup_connection_value(visit->connection, MHD_HEADER_KIND, name) ?: "";
}

/* The query as it came, to be read by our own rules. */
static void *keep_query(void *ctx, const char *uri, struct MHD_Connection *connection)
{
	struct visit *visit = calloc(1, sizeof(*visit));
	const char *query = strchr(uri, '?');

	if (!visit)
		return NULL;
	visit->query_text = strdup(query ? query + 1 : "");
	return visit;
}

static int begin(struct visit *visit, struct socket *socket, struct MHD_Connection *connection, const char *path,
		 const char *method)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const char *cookie;

	if (!info || !visit->query_text)
		return -EIO;
	visit->pages = socket->server->pages;
	visit->connection = connection;
	visit->tls = socket->tls;
	visit->figures = socket->figures;
	visit->path = path;
	visit->method = !strcmp(method, "HEAD") ? "GET" : method;
	visit->host = header(visit, "Host");
	visit->origin = header(visit, "Origin");
	visit->referer = header(visit, "Referer");
	visit->fetch_site = header(visit, "Sec-Fetch-Site");
	visit->own_host = settings_is_own_host(visit->pages->settings, visit->host);
	take_source(visit, info->client_addr);
	cookie = MHD_lookup_connection_value(connection, MHD_COOKIE_KIND, "__Host-esafe");
	if (cookie && strlen(cookie) < sizeof(visit->cookie))
		strcpy(visit->cookie, cookie);
	/* Of other sites' addresses many are no form by our rules; theirs are not read. */
	form_parse(visit->query_text, strlen(visit->query_text), &visit->query);
	return 0;
}

static void take_body(struct visit *visit, const char *part, size_t len)
{
	char *grown;

	visit->body_seen += len;
	if (visit->over || visit->body_len + len > FORM_BYTES) {
		visit->over = true;
		return;
	}
	grown = realloc(visit->body, visit->body_len + len + 1);
	if (!grown) {
		visit->over = true;
		return;
	}
	visit->body = grown;
	memcpy(grown + visit->body_len, part, len);
	visit->body_len += len;
}

static void end_body(struct visit *visit)
{
	static const char type[] = "application/x-www-form-urlencoded";

	if (!visit->body)
		return;
	if (strncasecmp(header(visit, "Content-Type"), type, sizeof(type) - 1) ||
	    form_parse(visit->body, visit->body_len, &visit->form))
		visit->over = true;
}

/* Said in its head: nobody has to send it, then. */
static bool announces_too_much(struct visit *visit)
{
	return strtoull(header(visit, "Content-Length"), NULL, 10) > BODY_BYTES;
}

static enum MHD_Result on_head(struct visit *visit, struct socket *socket, struct MHD_Connection *connection,
			       const char *path, const char *method)
{
	if (begin(visit, socket, connection, path, method))
		return MHD_NO;
	if (!announces_too_much(visit))
		return MHD_YES;
	visit->over = true;
	visit_plain(visit, 413, "That is too much for this server.\n");
	return send_answer(visit);
}

/* Of what is sent without saying how much; there is no answer as long as it has not ended. */
static enum MHD_Result too_much(struct visit *visit)
{
	visit_plain(visit, 413, "That is too much for this server.\n");
	return MHD_NO;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *path, const char *method,
				  const char *version, const char *body, size_t *body_len, void **state)
{
	struct socket *socket = ctx;
	struct visit *visit = *state;

	if (!visit)
		return MHD_NO;
	if (!visit->connection) /* the headers are there; answers are given with a later call */
		return on_head(visit, socket, connection, path, method);
	if (*body_len) {
		take_body(visit, body, *body_len);
		*body_len = 0;
		return visit->body_seen > BODY_BYTES ? too_much(visit) : MHD_YES;
	}
	if (!visit->answered) {
		line_of(connection)->since_ms = 0;
		end_body(visit);
		visit_route(visit);
	}
	if (visit->answered)
		return send_answer(visit);
	visit->waiting = true;
	socket->server->waiting++;
	MHD_suspend_connection(connection);
	return MHD_YES;
}

static void on_completed(void *ctx, struct MHD_Connection *connection, void **state,
			 enum MHD_RequestTerminationCode code)
{
	struct visit *visit = *state;

	line_of(connection)->since_ms = clock_monotonic_ms(); /* the next one may begin */
	if (!visit)
		return;
	json_decref(visit->data);
	free(visit->query_text);
	free(visit->body);
	free(visit->text);
	free(visit);
	*state = NULL;
}

void server_resume(struct visit *visit)
{
	struct server *server = visit->pages->server;

	if (!visit->waiting)
		return;
	visit->waiting = false;
	server->waiting--;
	MHD_resume_connection(visit->connection);
	for (unsigned i = 0; i < server->n; i++)
		webloop_soon(&server->socket[i].web);
}

/* ---- start and stop ---- */

static int listen_at(const char *address, unsigned port)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	bool is_six = inet_pton(AF_INET6, address, &six.sin6_addr) == 1;
	const struct sockaddr *at = is_six ? (const struct sockaddr *)&six : (const struct sockaddr *)&four;
	int one = 1, fd, err;

	inet_pton(AF_INET, address, &four.sin_addr);
	fd = socket(at->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* FREEBIND: the interface may come later. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &one, sizeof(one)) ||
	    (is_six && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one))) ||
	    bind(fd, at, is_six ? sizeof(six) : sizeof(four)) || listen(fd, 128)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

static struct MHD_Daemon *start_daemon(struct socket *socket, int fd, const char *certificate, const char *key)
{
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (certificate ? MHD_USE_TLS : 0);
	struct MHD_OptionItem tls[] = {
		{ certificate ? MHD_OPTION_HTTPS_MEM_CERT : MHD_OPTION_END, 0, (void *)certificate },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)key },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2" },
		{ MHD_OPTION_END, 0, NULL },
	};

	return MHD_start_daemon(flags, 0, NULL, NULL, on_request, socket, MHD_OPTION_LISTEN_SOCKET, fd,
				MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
				MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)PER_ADDRESS,
				MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SECONDS,
				MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_BYTES,
				MHD_OPTION_URI_LOG_CALLBACK, keep_query, NULL,
				MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
				MHD_OPTION_NOTIFY_CONNECTION, on_line, socket->server,
				MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
}

static int open_socket(struct server *server, const char *address, unsigned port, const char *certificate,
		       const char *key)
{
	struct socket *socket = &server->socket[server->n];
	struct MHD_Daemon *daemon;
	int fd = listen_at(address, port);

	if (fd < 0)
		return log_errno(fd, "%s port %u", address, port);
	*socket = (struct socket){ .server = server, .tls = certificate != NULL };
	daemon = start_daemon(socket, fd, certificate, key);
	if (!daemon) {
		close(fd);
		log_error("%s port %u: the web server does not start%s", address, port,
			  certificate ? "; is the key that of the certificate?" : "");
		return -EIO;
	}
	server->n++;
	return webloop_start(&socket->web, server->pages->loop, daemon);
}

int server_start(struct pages *pages, const char *certificate, const char *key, struct server **out)
{
	struct server *server = calloc(1, sizeof(*server));
	const struct settings *settings = pages->settings;
	int err = server ? 0 : -ENOMEM;

	if (server) {
		server->pages = pages;
		server->look = loop_timer(pages->loop, LOOK_MS, LOOK_MS, look_at_lines, server);
		err = server->look ? 0 : -ENOMEM;
	}
	for (size_t i = 0; i < settings->listens && !err; i++) {
		err = open_socket(server, settings->listen[i], settings->http_port, NULL, NULL);
		if (!err)
			err = open_socket(server, settings->listen[i], settings->https_port, certificate, key);
	}
	if (!err && settings->metrics_port) {
		err = open_socket(server, "127.0.0.1", settings->metrics_port, NULL, NULL);
		if (!err)
			server->socket[server->n - 1].figures = true;
	}
	if (err) {
		server_stop(server);
		return err;
	}
	*out = server;
	return 0;
}

void server_stop(struct server *server)
{
	if (!server)
		return;
	for (unsigned i = 0; i < server->n; i++)
		webloop_stop(&server->socket[i].web);
	loop_remove(server->look);
	free(server);
}
