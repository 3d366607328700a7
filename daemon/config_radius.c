// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config_radius.h"

static const struct limits port_limits = { 1, 65535 };

static int row_nas_secret(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	if (reader_expect(reader, node, NODE_SCALAR, row->key))
		return -EINVAL;
	if (node->text[0] != '/')
		return reader_problem(reader, node,
				      "secret is the whole path of a file that only root reads, not the secret itself");
	return row_text(reader, node, row, field);
}

static int row_nas_groups(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	struct config_nas *nas = field;

	if (reader_expect(reader, node, NODE_MAP, row->key))
		return -EINVAL;
	for (const struct node *child = node->first; child; child = child->next) {
		if (reader_expect(reader, child, NODE_SCALAR, child->key))
			return -EINVAL;
		if (nas->groups == CONFIG_NAS_GROUPS)
			return reader_problem(reader, child, "more than %d groups", CONFIG_NAS_GROUPS);
		nas->group[nas->groups].value = strdup(child->key);
		nas->group[nas->groups].group = strdup(child->text);
		nas->groups++;
		if (!nas->group[nas->groups - 1].value || !nas->group[nas->groups - 1].group)
			return reader_problem(reader, child, "out of memory");
	}
	return 0;
}

static const struct row nas_rows[] = {
	{ .key = "name", .read = row_text, .offset = offsetof(struct config_nas, name), .required = true },
	{ .key = "address", .read = row_prefix, .offset = offsetof(struct config_nas, prefix), .required = true },
	{ .key = "secret", .read = row_nas_secret, .offset = offsetof(struct config_nas, secret_file), .required = true },
	{ .key = "groups", .read = row_nas_groups },
	{ 0 },
};

static void nas_free(struct config_nas *nas)
{
	for (size_t i = 0; i < nas->groups; i++) {
		free(nas->group[i].value);
		free(nas->group[i].group);
	}
	free(nas->name);
	free(nas->secret_file);
}

static int read_nas(struct reader *reader, const struct node *node, struct config_radius *radius)
{
	struct config_nas nas = { .line = node->line }, *grown;
	int err = schema_map(reader, node, nas_rows, &nas);

	for (size_t i = 0; i < radius->nas_n && !err; i++)
		if (!strcmp(radius->nas[i].name, nas.name))
			err = reader_problem(reader, node, "client \"%s\" stands in line %d", nas.name, radius->nas[i].line);
	if (!err && strlen(nas.name) >= CONFIG_NAS_NAME)
		err = reader_problem(reader, node, "the name of this client is too long");
	if (!err && radius->nas_n == CONFIG_NAS)
		err = reader_problem(reader, node, "more than %d clients", CONFIG_NAS);
	grown = err ? NULL : reallocarray(radius->nas, radius->nas_n + 1, sizeof(*grown));
	if (!grown) {
		nas_free(&nas);
		return err ? err : reader_problem(reader, node, "out of memory");
	}
	radius->nas = grown;
	grown[radius->nas_n++] = nas;
	return 0;
}

static int row_clients(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	int err = reader_expect(reader, node, NODE_LIST, row->key);

	for (const struct node *child = err ? NULL : node->first; child; child = child->next)
		if (read_nas(reader, child, field))
			err = -EINVAL;
	return err;
}

static int row_port(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	unsigned port;
	int err = row_number(reader, node, row, &port);

	if (!err)
		*(__u16 *)field = port;
	return err;
}

static const struct row radius_rows[] = {
	{ .key = "port", .read = row_port, .offset = offsetof(struct config_radius, port), .arg = &port_limits },
	{ .key = "clients", .read = row_clients, .required = true },
	{ 0 },
};

int row_radius(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	struct config_radius *radius = field;

	radius->port = 1813;
	return schema_map(reader, node, radius_rows, radius);
}

void config_radius_free(struct config_radius *radius)
{
	for (size_t i = 0; i < radius->nas_n; i++)
		nas_free(&radius->nas[i]);
	free(radius->nas);
}
