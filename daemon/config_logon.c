/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config_logon.h"

static const struct word http_words[] = {
	{ "off", LOGON_OFF }, { "own", LOGON_OWN }, { "listed", LOGON_LISTED }, { 0 }
};

static int row_on(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	int err = reader_expect(reader, node, NODE_LIST, row->key);
	struct config_logon *logon = field;

	for (const struct node *child = err ? NULL : node->first; child; child = child->next) {
		if (reader_expect(reader, child, NODE_SCALAR, "an address"))
			return -EINVAL;
		if (logon->ons == CONFIG_LOGON_ON)
			return reader_problem(reader, child, "more than %d subnets", CONFIG_LOGON_ON);
		if (prefix_parse(child->text, &logon->on[logon->ons]))
			return reader_problem(reader, child, "\"%s\" is neither an address nor a subnet such as 10.0.8.0/24",
					      child->text);
		logon->ons++;
	}
	if (!err && !logon->ons)
		err = reader_problem(reader, node, "no device could be logged on at: say http: off instead");
	return err;
}

static int row_never(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	int err = reader_expect(reader, node, NODE_LIST, row->key);
	struct config_logon *logon = field;

	for (const struct node *child = err ? NULL : node->first; child; child = child->next) {
		if (reader_expect(reader, child, NODE_SCALAR, "a group"))
			return -EINVAL;
		if (logon->nevers == CONFIG_LOGON_NEVER)
			return reader_problem(reader, child, "more than %d groups", CONFIG_LOGON_NEVER);
		logon->never[logon->nevers] = strdup(child->text);
		if (!logon->never[logon->nevers])
			return reader_problem(reader, child, "out of memory");
		logon->nevers++;
	}
	return err;
}

const struct row logon_rows[] = {
	{ .key = "http",
	  .read = row_word,
	  .offset = offsetof(struct config_logon, http),
	  .arg = http_words,
	  .required = true },
	{ .key = "on", .read = row_on },
	{ .key = "never", .read = row_never },
	{ 0 },
};

void config_logon_free(struct config_logon *logon)
{
	for (size_t i = 0; i < logon->nevers; i++)
		free(logon->never[i]);
}
