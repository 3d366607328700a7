/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "schema.h"
#include "settings.h"

#define WORDS_MAX 200

static const struct limits port_limits = { 1, 65535 }, metrics_limits = { 0, 65535 }, idle_limits = { 1, 240 };

/* An address of this machine, that something can listen on. */
static int row_own_address(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	unsigned char addr[16];

	if (reader_expect(reader, node, NODE_SCALAR, row->key))
		return -EINVAL;
	if (inet_pton(AF_INET, node->text, addr) != 1 && inet_pton(AF_INET6, node->text, addr) != 1)
		return reader_problem(reader, node, "\"%s\" is not an address", node->text);
	return row_text(reader, node, row, field);
}

static int row_words(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	if (reader_expect(reader, node, NODE_SCALAR, row->key))
		return -EINVAL;
	if (!node->text[0] || strlen(node->text) > WORDS_MAX || strchr(node->text, '\n'))
		return reader_problem(reader, node, "%s is one line of at most %d bytes", row->key, WORDS_MAX);
	return row_text(reader, node, row, field);
}

/* It stands in links and headers. */
static int row_host(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";

	if (reader_expect(reader, node, NODE_SCALAR, row->key))
		return -EINVAL;
	if (!node->text[0] || strlen(node->text) > 253 || strspn(node->text, letters) != strlen(node->text))
		return reader_problem(reader, node, "\"%s\" is not a host name", node->text);
	return row_text(reader, node, row, field);
}

static int row_link(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	if (reader_expect(reader, node, NODE_SCALAR, row->key))
		return -EINVAL;
	if (strncmp(node->text, "https://", 8) || strlen(node->text) > WORDS_MAX || strpbrk(node->text, " \"'<>\n"))
		return reader_problem(reader, node, "\"%s\" is not the address of a page, https://...", node->text);
	return row_text(reader, node, row, field);
}

#define AT(member) offsetof(struct settings, member)

static const struct array listen_array = {
	.read = row_own_address, .one = "an address", .many = "addresses", ARRAY(struct settings, listen, listens),
	.none = "no address is given: nobody would see the pages",
};
static const struct array unnamed_array = {
	.read = row_text, .one = "a category", .many = "categories", ARRAY(struct settings, unnamed, unnamed_n),
};
static const struct array server_array = {
	.read = row_prefix, .one = "an address", .many = "servers", ARRAY(struct settings, logon_server, logon_servers),
};

static const struct row logon_rows[] = {
	{ .key = "token", .read = row_path, .offset = AT(logon_token), .required = true },
	{ .key = "servers", .read = row_list, .arg = &server_array },
	{ .key = "devices", .read = row_flag, .offset = AT(logon_devices) },
	{ 0 },
};

static const struct row rows[] = {
	{ .key = "listen", .read = row_list, .arg = &listen_array, .required = true },
	{ .key = "http_port", .read = row_number, .offset = AT(http_port), .arg = &port_limits },
	{ .key = "https_port", .read = row_number, .offset = AT(https_port), .arg = &port_limits },
	{ .key = "metrics_port", .read = row_number, .offset = AT(metrics_port), .arg = &metrics_limits },
	{ .key = "name", .read = row_host, .offset = AT(name) },
	{ .key = "certificate", .read = row_path, .offset = AT(certificate) },
	{ .key = "key", .read = row_path, .offset = AT(key) },
	{ .key = "school", .read = row_words, .offset = AT(school) },
	{ .key = "tell", .read = row_words, .offset = AT(tell) },
	{ .key = "venue", .read = row_link, .offset = AT(venue) },
	{ .key = "files_dir", .read = row_path, .offset = AT(files_dir) },
	{ .key = "state_dir", .read = row_path, .offset = AT(state_dir) },
	{ .key = "socket", .read = row_path, .offset = AT(socket) },
	{ .key = "unnamed", .read = row_list, .arg = &unnamed_array },
	{ .key = "logon", .read = row_map, .arg = logon_rows },
	{ .key = "idle_minutes", .read = row_number, .offset = AT(idle_minutes), .arg = &idle_limits },
	{ 0 },
};

static struct settings *settings_standard(void)
{
	struct settings *settings = calloc(1, sizeof(*settings));

	if (!settings)
		return NULL;
	settings->http_port = 80;
	settings->https_port = 8443;
	settings->metrics_port = 9465;
	settings->idle_minutes = 15;
	settings->logon_devices = true;
	settings->school = strdup("Our school");
	settings->tell = strdup("a teacher");
	settings->files_dir = strdup(ESAFE_DATADIR "/pages");
	settings->state_dir = strdup("/var/lib/esafe-pages");
	settings->socket = strdup("/run/esafe/control");
	if (settings->school && settings->tell && settings->files_dir && settings->state_dir && settings->socket)
		return settings;
	settings_free(settings);
	return NULL;
}

static int check(struct reader *reader, const struct node *root, const struct settings *settings)
{
	if (!settings->certificate != !settings->key)
		return reader_problem(reader, root, "a certificate and its key belong together");
	if (settings->http_port == settings->https_port)
		return reader_problem(reader, root, "http_port and https_port are the same");
	if (settings->logon_token && !settings->logon_devices && !settings->logon_servers)
		return reader_problem(reader, root, "logon: neither devices nor servers may say who is there");
	return 0;
}

struct settings *settings_read(const char *file, const char *text, size_t len, struct problems *problems)
{
	struct reader reader = { .file = file, .problems = problems };
	struct node *root = yaml_read(file, text, len, problems);
	struct settings *settings = root ? settings_standard() : NULL;
	int err = settings ? schema_map(&reader, root, rows, settings) : -ENOMEM;

	if (!err)
		err = check(&reader, root, settings);
	node_free(root);
	if (!err)
		return settings;
	if (!problems->n)
		problem_add(problems, file, 0, 0, "out of memory");
	settings_free(settings);
	return NULL;
}

void settings_free(struct settings *settings)
{
	if (!settings)
		return;
	for (size_t i = 0; i < settings->listens; i++)
		free(settings->listen[i]);
	for (size_t i = 0; i < settings->unnamed_n; i++)
		free(settings->unnamed[i]);
	free(settings->name);
	free(settings->certificate);
	free(settings->key);
	free(settings->school);
	free(settings->tell);
	free(settings->venue);
	free(settings->files_dir);
	free(settings->state_dir);
	free(settings->socket);
	free(settings->logon_token);
	free(settings);
}

void settings_base(const struct settings *settings, char *out, size_t size)
{
	const char *host = settings->name ?: settings->listen[0];
	int six = !!strchr(host, ':');
	char port[8] = "";

	if (settings->https_port != 443)
		snprintf(port, sizeof(port), ":%u", settings->https_port);
	snprintf(out, size, "https://%s%s%s%s", six ? "[" : "", host, six ? "]" : "", port);
}

/* The port behind it is left out of the comparison: which one is right the socket knows. */
int settings_is_own_host(const struct settings *settings, const char *host)
{
	const char *end = *host == '[' ? strchr(host, ']') : NULL, *start = end ? host + 1 : host;
	size_t len = end ? (size_t)(end - start) : strcspn(host, ":");
	const char *rest = end ? end + 1 : host + len;

	if (*rest && (*rest != ':' || strspn(rest + 1, "0123456789") != strlen(rest + 1)))
		return 0;
	if (settings->name && strlen(settings->name) == len && !strncasecmp(settings->name, start, len))
		return 1;
	for (size_t i = 0; i < settings->listens; i++)
		if (strlen(settings->listen[i]) == len && !strncasecmp(settings->listen[i], start, len))
			return 1;
	return 0;
}
