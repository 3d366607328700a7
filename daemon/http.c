/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets do not block and a page is whole in memory before its first byte is sent, so that a slow reader costs one
 * connection for a few seconds and nothing else.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <microhttpd.h>

#include "http.h"
#include "log.h"
#include "webloop.h"

#define CONNECTIONS 32
#define PER_ADDRESS 16
#define SECONDS 5 /* a connection without progress is closed */

struct http {
	struct webloop web;
	const struct http_page *pages;
	size_t pages_count;
	unsigned port;
};

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *type, char *text,
			      size_t len, enum MHD_ResponseMemoryMode mode)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(len, text, mode);
	enum MHD_Result result;

	if (!response) {
		if (mode == MHD_RESPMEM_MUST_FREE)
			free(text);
		return MHD_NO;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer_text(struct MHD_Connection *connection, unsigned status, const char *text)
{
	return answer(connection, status, HTTP_TYPE_TEXT, (char *)text, strlen(text), MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result answer_page(struct MHD_Connection *connection, const struct http_page *page)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int status;

	if (!out)
		return answer_text(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "short of memory\n");
	status = page->write(page->ctx, out);
	if (fclose(out) || status < 0) {
		free(text);
		return answer_text(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "the page could not be made\n");
	}
	return answer(connection, (unsigned)status, page->type, text, len, MHD_RESPMEM_MUST_FREE);
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *path, const char *method,
				  const char *version, const char *body, size_t *body_len, void **state)
{
	const struct http *http = ctx;
	static int seen;

	if (strcmp(method, MHD_HTTP_METHOD_GET) && strcmp(method, MHD_HTTP_METHOD_HEAD))
		return answer_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
	if (!*state) { /* the headers are there; answers are given with the second call */
		*state = &seen;
		return MHD_YES;
	}
	if (*body_len) { /* a body means nothing here */
		*body_len = 0;
		return MHD_YES;
	}
	for (size_t i = 0; i < http->pages_count; i++)
		if (!strcmp(path, http->pages[i].path))
			return answer_page(connection, &http->pages[i]);
	return answer_text(connection, MHD_HTTP_NOT_FOUND, "no such page\n");
}

/* "127.0.0.1:9464" or "[::1]:9464" */
static int address_parse(const char *text, struct sockaddr_storage *out, socklen_t *len)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
	struct sockaddr_in *four = (struct sockaddr_in *)out;
	const char *colon = strrchr(text, ':');
	char host[64], *end;
	unsigned long port;
	size_t n;

	if (!colon || colon == text || colon[1] < '0' || colon[1] > '9')
		return -EINVAL;
	port = strtoul(colon + 1, &end, 10);
	n = (size_t)(colon - text);
	if (*end || port > 65535 || n >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, n);
	host[n] = '\0';
	*out = (struct sockaddr_storage){ 0 };
	if (*host == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		six->sin6_family = AF_INET6;
		six->sin6_port = htons((uint16_t)port);
		*len = sizeof(*six);
		return inet_pton(AF_INET6, host + 1, &six->sin6_addr) == 1 ? 0 : -EINVAL;
	}
	four->sin_family = AF_INET;
	four->sin_port = htons((uint16_t)port);
	*len = sizeof(*four);
	return inet_pton(AF_INET, host, &four->sin_addr) == 1 ? 0 : -EINVAL;
}

static int listen_on(const char *text, unsigned *port)
{
	struct sockaddr_storage address = { 0 };
	socklen_t len;
	int one = 1, err;
	int fd;

	err = address_parse(text, &address, &len);
	if (err)
		return err;
	fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) || bind(fd, (struct sockaddr *)&address, len) ||
	    listen(fd, CONNECTIONS) || getsockname(fd, (struct sockaddr *)&address, &len)) {
		err = -errno;
		close(fd);
		return err;
	}
	/* The port stands at the same place in both kinds of address. */
	*port = ntohs(((struct sockaddr_in *)&address)->sin_port);
	return fd;
}

int http_start(struct loop *loop, const char *listen, const struct http_page *pages, size_t n, struct http **out)
{
	struct http *http = calloc(1, sizeof(*http));
	struct MHD_Daemon *daemon;
	int fd, err;

	if (!http)
		return -ENOMEM;
	*http = (struct http){ .pages = pages, .pages_count = n };
	fd = listen_on(listen, &http->port);
	if (fd < 0) {
		free(http);
		return fd;
	}
	daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, http, MHD_OPTION_LISTEN_SOCKET, fd,
				  MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
				  MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)PER_ADDRESS,
				  MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SECONDS,
				  MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)16384, MHD_OPTION_END);
	if (!daemon) {
		close(fd);
		free(http);
		return -EIO;
	}
	err = webloop_start(&http->web, loop, daemon);
	if (err) {
		http_stop(http);
		return err;
	}
	*out = http;
	return 0;
}

unsigned http_port(const struct http *http)
{
	return http->port;
}

void http_stop(struct http *http)
{
	if (!http)
		return;
	webloop_stop(&http->web);
	free(http);
}
