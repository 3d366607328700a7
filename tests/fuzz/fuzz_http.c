/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The head of an HTTP/1 request, read byte by byte, against two readers that see all of it:
 *
 *   one takes only what RFC 9112 says plainly: whatever it names, the kernel's reader must name;
 *   one takes whatever some server might: of a request that the kernel's reader names it may find no other host.
 */
#include <stdint.h>
#include <strings.h>

#include "hello.h"
#include "../../bpf/http.h"

static void must(int ok)
{
	if (!ok)
		abort();
}

struct text {
	const char *at;
	size_t len;
};

static struct text trim(struct text t)
{
	while (t.len && strchr(" \t\r", t.at[0]) && t.at[0])
		t.at++, t.len--;
	while (t.len && strchr(" \t\r", t.at[t.len - 1]) && t.at[t.len - 1])
		t.len--;
	return t;
}

static struct text until(struct text t, const char *ends)
{
	size_t n = 0;

	while (n < t.len && (!t.at[n] || !strchr(ends, t.at[n])))
		n++;
	return (struct text){ t.at, n };
}

static struct text behind(struct text t, size_t n)
{
	return n < t.len ? (struct text){ t.at + n, t.len - n } : (struct text){ t.at + t.len, 0 };
}

/* Takes a line off the text, without its end. 0: there is none that ends. */
static int line_of(struct text *t, struct text *line, const char *ends)
{
	*line = until(*t, ends);
	if (line->len == t->len)
		return 0;
	*t = behind(*t, line->len + 1);
	return 1;
}

/* ---- what the RFC says plainly ---- */

enum plain { PLAIN_UNSURE, PLAIN_NAME, PLAIN_NOBODY };

/* "name[:port]" as wire form. 0: it is not that. */
static size_t plain_host(struct text t, __u8 *wire)
{
	struct text name = until(t, ":"), port = behind(t, name.len + 1);
	size_t n;

	for (size_t i = 0; i < port.len; i++)
		if (port.at[i] < '0' || port.at[i] > '9')
			return 0;
	n = whole_name(name.at, name.len, wire);
	for (size_t i = 0; i < n; i++)
		wire[i] = http_lower(wire[i]);
	return n;
}

/* The request line: of a server, with a target that names nobody. *old: HTTP/1.0. */
static int plain_request(struct text line, int *old)
{
	struct text method = until(line, " "), target = behind(line, method.len + 1), version;

	if (!method.len || (method.len == 7 && !strncasecmp(method.at, "CONNECT", 7)))
		return 0;
	for (size_t i = 0; i < method.len; i++)
		if (method.at[i] < 'A' || method.at[i] > 'Z')
			return 0;
	target = until(target, " ");
	if (!target.len || target.at[0] != '/')
		return 0;
	for (size_t i = 0; i < target.len; i++)
		if (target.at[i] <= ' ' || target.at[i] > '~')
			return 0;
	version = behind(line, method.len + target.len + 2);
	if (version.len != 8 || memcmp(version.at, "HTTP/1.", 7) || version.at[7] < '0' || version.at[7] > '1')
		return 0;
	*old = version.at[7] == '0';
	return 1;
}

/* Is it a field that says where the request ends, or one that is spelt in an odd way? */
static int plain_field(struct text name, struct text value)
{
	for (size_t i = 0; i < name.len; i++)
		if (!whole_label_ok(name.at + i, 1))
			return 0;
	for (size_t i = 0; i < value.len; i++)
		if (value.at[i] < ' ' || value.at[i] > '~')
			return 0;
	return name.len && !(name.len == 14 && !strncasecmp(name.at, "content-length", 14)) &&
	       !(name.len == 17 && !strncasecmp(name.at, "transfer-encoding", 17));
}

static enum plain plain_read(struct text t, __u8 *wire, size_t *wire_len)
{
	enum plain found = PLAIN_NOBODY;
	struct text line;
	int old, hosts = 0;

	if (!line_of(&t, &line, "\n") || !line.len || line.at[--line.len] != '\r' || !plain_request(line, &old))
		return PLAIN_UNSURE;
	while (line_of(&t, &line, "\n")) {
		struct text name, value;

		if (!line.len || line.at[--line.len] != '\r' || memchr(line.at, '\r', line.len))
			return PLAIN_UNSURE;
		if (!line.len)
			return hosts || old ? found : PLAIN_UNSURE;
		name = until(line, ":");
		if (name.len == line.len)
			return PLAIN_UNSURE;
		value = trim(behind(line, name.len + 1));
		if (!plain_field(name, value))
			return PLAIN_UNSURE;
		if (name.len != 4 || strncasecmp(name.at, "host", 4))
			continue;
		if (hosts++)
			return PLAIN_UNSURE;
		if (value.len) {
			*wire_len = plain_host(value, wire);
			if (!*wire_len)
				return PLAIN_UNSURE;
			found = PLAIN_NAME;
		}
	}
	return PLAIN_UNSURE;
}

/* ---- what some server might take ---- */

/* If the text is a name, perhaps with a port, it must be the one that was read. */
static void no_other(struct text t, const struct hostname *h)
{
	struct text name = trim(until(trim(t), ":/?#, \t"));
	__u8 wire[300];
	size_t n = name.len <= 255 ? whole_name(name.at, name.len, wire) : 0;

	if (!n)
		return;
	must(n == h->len);
	for (size_t i = 0; i < n; i++)
		must(http_lower(wire[i]) == h->wire[i]);
}

/* Everything that looks like a Host field, with lines that end as they do anywhere, and are folded or not. */
static void no_other_field(struct text t, const struct hostname *h)
{
	struct text line;

	while (line_of(&t, &line, "\r\n\v\f\x1c\x1d\x1e\x1f")) {
		struct text name = trim(until(line, ":"));

		if (name.len < line.len && name.len == 4 && !strncasecmp(name.at, "host", 4))
			no_other(behind(line, until(line, ":").len + 1), h);
	}
}

/* The target, if it is absolute; behind user information, too. */
static void no_other_target(struct text line, const struct hostname *h)
{
	struct text target = trim(behind(line, until(line, " \t").len)), authority;
	size_t scheme;

	target = until(target, " \t");
	scheme = until(target, ":/?").len;
	if (scheme + 2 >= target.len || memcmp(target.at + scheme, "://", 3))
		return;
	for (size_t i = 0; i < scheme; i++)
		if (!whole_label_ok(target.at + i, 1) && !strchr("+.", target.at[i]))
			return; /* a path that looks odd */
	authority = until(behind(target, scheme + 3), "/?#");
	no_other(behind(authority, memrchr(authority.at, '@', authority.len) ?
			(char *)memrchr(authority.at, '@', authority.len) + 1 - authority.at : 0), h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum http_result result = HTTP_MORE;
	size_t used = 0, wire_len = 0;
	struct http_reader r;
	struct text whole, line;
	enum plain plain;
	__u8 wire[300];

	if (size > 4096)
		return 0;
	http_start(&r);
	while (used < size && result == HTTP_MORE)
		result = http_step(&r, data[used++]);
	whole = (struct text){ (const char *)data, used };
	plain = plain_read(whole, wire, &wire_len);
	if (plain == PLAIN_NAME)
		must(result == HTTP_NAME && http_name(&r)->len == wire_len && !memcmp(http_name(&r)->wire, wire, wire_len));
	if (plain == PLAIN_NOBODY)
		must(result == HTTP_NO_NAME);
	if (result == HTTP_NAME) {
		while (whole.len && strchr(" \t\r\n", whole.at[0]) && whole.at[0])
			whole = behind(whole, 1);
		must(line_of(&whole, &line, "\n"));
		no_other_target(line, http_name(&r));
		no_other_field(whole, http_name(&r));
	}
	return 0;
}
