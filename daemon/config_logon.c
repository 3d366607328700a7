/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "config_logon.h"

static const struct word http_words[] = {
	{ "off", LOGON_OFF }, { "own", LOGON_OWN }, { "listed", LOGON_LISTED }, { 0 }
};

static const struct array on_array = {
	.read = row_prefix, .one = "an address", .many = "subnets", ARRAY(struct config_logon, on, ons),
	.none = "no device could be logged on at: say http: off instead",
};
static const struct array never_array = {
	.read = row_text, .one = "a group", .many = "groups", ARRAY(struct config_logon, never, nevers),
};

const struct row logon_rows[] = {
	{ .key = "http",
	  .read = row_word,
	  .offset = offsetof(struct config_logon, http),
	  .arg = http_words,
	  .required = true },
	{ .key = "on", .read = row_list, .arg = &on_array },
	{ .key = "never", .read = row_list, .arg = &never_array },
	{ 0 },
};

void config_logon_free(struct config_logon *logon)
{
	for (size_t i = 0; i < logon->nevers; i++)
		free(logon->never[i]);
}
