/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "duration.h"
#include "schema.h"
#include "times.h"
#include "esafe/abi.h"

#define SOCKET_MAX 107 /* sun_path, with its final zero byte */

static const struct word identity_words[] = { { "mac", ESAFE_BY_MAC }, { "address", ESAFE_BY_ADDRESS }, { 0 } };
static const struct word xdp_words[] = { { "off", 0 }, { "native", 1 }, { 0 } };
static const struct word quic_words[] = { { "off", 0 }, { "auto", 1 }, { 0 } };
static const struct limits retention_limits = { 1, 3660 };
static const struct limits devices_limits = { 0, 1000 };
#define SPAN_MAX (31 * 86400)

/* A path, or a list of them. */
static int row_leases(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	char **paths = field;
	size_t n = 0;
	int err = 0;

	if (node->kind != NODE_LIST)
		return row_path(reader, node, row, paths);
	for (const struct node *child = node->first; child && !err; child = child->next) {
		if (n == CONFIG_LEASES)
			return reader_problem(reader, child, "more than %d lease files", CONFIG_LEASES);
		err = row_path(reader, child, row, &paths[n++]);
	}
	return err;
}

static int row_ifname(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	if (reader_expect(reader, node, NODE_SCALAR, row->key))
		return -EINVAL;
	if (!node->text[0] || strlen(node->text) >= IF_NAMESIZE || strpbrk(node->text, "/ \n"))
		return reader_problem(reader, node, "\"%s\" cannot be the name of an interface", node->text);
	snprintf(field, IF_NAMESIZE, "%s", node->text);
	return 0;
}

static int row_bool_word(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	int value, err = row_word(reader, node, row, &value);

	if (!err)
		*(bool *)field = value;
	return err;
}

static const struct row iface_rows[] = {
	{ .key = "name", .read = row_ifname, .offset = offsetof(struct config_iface, name), .required = true },
	{ .key = "identity",
	  .read = row_word,
	  .offset = offsetof(struct config_iface, identity),
	  .arg = identity_words },
	{ .key = "xdp", .read = row_bool_word, .offset = offsetof(struct config_iface, xdp), .arg = xdp_words },
	{ 0 },
};

static int read_iface(struct reader *reader, const struct node *node, struct config *config)
{
	struct config_iface iface = { .line = node->line }, *grown;
	int err = schema_map(reader, node, iface_rows, &iface);

	for (size_t i = 0; i < config->ifaces && !err; i++)
		if (!strcmp(config->iface[i].name, iface.name))
			err = reader_problem(reader, node, "interface \"%s\" stands in line %d", iface.name,
					     config->iface[i].line);
	if (err)
		return err;
	if (config->ifaces == CONFIG_INTERFACES)
		return reader_problem(reader, node, "more than %d interfaces", CONFIG_INTERFACES);
	grown = reallocarray(config->iface, config->ifaces + 1, sizeof(*grown));
	if (!grown)
		return reader_problem(reader, node, "out of memory");
	config->iface = grown;
	grown[config->ifaces++] = iface;
	return 0;
}

static int row_interfaces(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	int err = reader_expect(reader, node, NODE_LIST, row->key);

	for (const struct node *child = err ? NULL : node->first; child; child = child->next)
		if (read_iface(reader, child, field))
			err = -EINVAL;
	if (!err && !node->first)
		err = reader_problem(reader, node, "no interface is named: nothing would be filtered");
	return err;
}

/* Figures about children's use of the Internet do not leave the machine by themselves. */
static int row_metrics(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	static const char *const hosts[] = { "127.0.0.1:", "[::1]:", "localhost:" };
	struct config_listen *listen = field;
	unsigned port;

	if (reader_expect(reader, node, NODE_SCALAR, row->key))
		return -EINVAL;
	if (!strcmp(node->text, "off")) {
		listen->on = false;
		return 0;
	}
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		size_t len = strlen(hosts[i]);

		if (strncmp(node->text, hosts[i], len) || number_from_text(node->text + len, 1, 65535, &port))
			continue;
		*listen = (struct config_listen){ .on = true, .ipv6 = hosts[i][0] == '[', .port = port };
		return 0;
	}
	return reader_problem(reader, node, "metrics is 127.0.0.1:PORT, [::1]:PORT or off, not \"%s\"", node->text);
}

static int row_zone(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	if (reader_expect(reader, node, NODE_SCALAR, row->key))
		return -EINVAL;
	if (!times_zone_known(node->text))
		return reader_problem(reader, node, "\"%s\" is not a time zone such as Europe/London", node->text);
	return row_text(reader, node, row, field);
}

static int row_span(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	__s64 span;

	if (reader_expect(reader, node, NODE_SCALAR, row->key))
		return -EINVAL;
	if (duration_parse(node->text, &span) || span > SPAN_MAX)
		return reader_problem(reader, node, "%s lasts a time such as 50m, 12h or 2d, not \"%s\"", row->key, node->text);
	*(__s64 *)field = span;
	return 0;
}

static int row_end_of_day(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	const char *text = node->text;
	unsigned hour, minute;

	if (reader_expect(reader, node, NODE_SCALAR, row->key))
		return -EINVAL;
	if (!strcmp(text, "off")) {
		*(int *)field = -1;
		return 0;
	}
	if (strlen(text) != 5 || text[2] != ':' || number_from_text(text + 3, 0, 59, &minute) ||
	    number_from_text((const char[]){ text[0], text[1], '\0' }, 0, 23, &hour))
		return reader_problem(reader, node, "end_of_day is a time of day such as 18:00, or off, not \"%s\"", text);
	*(int *)field = (int)(hour * 60 + minute);
	return 0;
}

#define SPAN(key_, how) { .key = key_, .read = row_span, .offset = offsetof(struct session_limits, span[how]) }
static const struct row session_rows[] = {
	SPAN("radius", ESAFE_HOW_RADIUS),
	SPAN("logon", ESAFE_HOW_LOGON),
	SPAN("by_hand", ESAFE_HOW_USER),
	SPAN("portal", ESAFE_HOW_PORTAL),
	SPAN("voucher", ESAFE_HOW_VOUCHER),
	SPAN("class", ESAFE_HOW_CLASS),
	{ .key = "end_of_day", .read = row_end_of_day, .offset = offsetof(struct session_limits, end_of_day) },
	{ .key = "devices",
	  .read = row_number,
	  .offset = offsetof(struct session_limits, devices),
	  .arg = &devices_limits },
	{ 0 },
};

static const struct row rows[] = {
	{ .key = "interfaces", .read = row_interfaces, .required = true },
	{ .key = "policy", .read = row_path, .offset = offsetof(struct config, policy) },
	{ .key = "data_dir", .read = row_path, .offset = offsetof(struct config, data_dir) },
	{ .key = "state_dir", .read = row_path, .offset = offsetof(struct config, state_dir) },
	{ .key = "pin_dir", .read = row_path, .offset = offsetof(struct config, pin_dir) },
	{ .key = "socket",
	  .read = row_path,
	  .offset = offsetof(struct config, socket),
	  .arg = &(const size_t){ SOCKET_MAX } },
	{ .key = "terms", .read = row_path, .offset = offsetof(struct config, terms) },
	{ .key = "login",
	  .read = row_path,
	  .offset = offsetof(struct config, login),
	  .arg = &(const size_t){ SOCKET_MAX } },
	{ .key = "dhcp_leases", .read = row_leases, .offset = offsetof(struct config, dhcp_leases) },
	{ .key = "zone", .read = row_zone, .offset = offsetof(struct config, zone) },
	{ .key = "quic_inspect",
	  .read = row_bool_word,
	  .offset = offsetof(struct config, quic_inspect),
	  .arg = quic_words },
	{ .key = "metrics", .read = row_metrics, .offset = offsetof(struct config, metrics) },
	{ .key = "retention_days",
	  .read = row_number,
	  .offset = offsetof(struct config, retention_days),
	  .arg = &retention_limits },
	{ .key = "grant_longest", .read = row_span, .offset = offsetof(struct config, grant_longest) },
	{ .key = "letter", .read = row_path, .offset = offsetof(struct config, letter) },
	{ .key = "sessions", .read = row_map, .offset = offsetof(struct config, sessions), .arg = session_rows },
	{ .key = "logon", .read = row_map, .offset = offsetof(struct config, logon), .arg = logon_rows },
	{ .key = "radius", .read = row_radius, .offset = offsetof(struct config, radius) },
	{ 0 },
};

static struct config *config_standard(void)
{
	struct config *config = calloc(1, sizeof(*config));

	if (!config)
		return NULL;
	config->policy = strdup(ESAFE_SYSCONFDIR "/policy.yaml");
	config->data_dir = strdup(ESAFE_DATADIR);
	config->state_dir = strdup("/var/lib/esafe");
	config->pin_dir = strdup("/sys/fs/bpf/esafe");
	config->socket = strdup("/run/esafe/control");
	config->login = strdup("/run/esafe-login");
	config->zone = strdup("Europe/London");
	config->metrics = (struct config_listen){ .on = true, .port = 9464 };
	config->retention_days = 365;
	config->grant_longest = 8 * 3600;
	config->quic_inspect = true;
	config->sessions = (struct session_limits){
		.span = {
			[ESAFE_HOW_RADIUS] = 12 * 3600, /* since the last interim update */
			[ESAFE_HOW_LOGON] = 10 * 3600,
			[ESAFE_HOW_USER] = 10 * 3600,
			[ESAFE_HOW_PORTAL] = 10 * 3600,
			[ESAFE_HOW_VOUCHER] = 8 * 3600,
			[ESAFE_HOW_CLASS] = 3600,
		},
		.end_of_day = 18 * 60,
		.devices = 3,
	};
	if (config->policy && config->data_dir && config->state_dir && config->pin_dir && config->socket && config->login &&
	    config->zone)
		return config;
	config_free(config);
	return NULL;
}

struct config *config_read(const char *file, const char *text, size_t len, struct problems *problems)
{
	struct reader reader = { .file = file, .problems = problems };
	struct node *root = yaml_read(file, text, len, problems);
	struct config *config;
	int err;

	if (!root)
		return NULL;
	config = config_standard();
	if (!config) {
		node_free(root);
		problem_add(problems, file, 0, 0, "out of memory");
		return NULL;
	}
	err = schema_map(&reader, root, rows, config);
	node_free(root);
	if (!err)
		return config;
	config_free(config);
	return NULL;
}

void config_free(struct config *config)
{
	if (!config)
		return;
	free(config->iface);
	free(config->policy);
	free(config->data_dir);
	free(config->state_dir);
	free(config->pin_dir);
	free(config->socket);
	free(config->terms);
	free(config->login);
	for (size_t i = 0; i < CONFIG_LEASES; i++)
		free(config->dhcp_leases[i]);
	free(config->zone);
	config_radius_free(&config->radius);
	config_logon_free(&config->logon);
	free(config->letter);
	free(config);
}
