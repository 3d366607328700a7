/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"
#include "request.h"

static const struct arg args[] = {
	{ "name", ARG_TEXT, true, 8 }, { "limit", ARG_NUMBER, false, 100 }, { "follow", ARG_FLAG, false, 0 },
	{ .name = NULL }
};
static const struct verb verbs[] = {
	{ "status", MAY_ANYBODY, NULL, NULL },
	{ "list find", MAY(ADMIN), args, NULL },
};

/* NULL: refused, with the first problem in `why`. */
static const struct verb *parse(const char *line, char why[128])
{
	struct problems problems = { 0 };
	const struct verb *verb = NULL;
	size_t len = strlen(line);
	char *copy = exact(line, len);
	json_t *given = NULL;
	int err;

	why[0] = '\0';
	err = request_parse(copy, len, verbs, 2, &verb, &given, &problems);
	cr_expect(err == 0 || err == -EINVAL);
	cr_expect_eq(!err, !!given);
	cr_expect_eq(!err, !problems.n, "%s", line);
	if (problems.n)
		strncat(why, problems.item[0].text, 127);
	json_decref(given);
	problems_free(&problems);
	free(copy);
	return verb;
}

Test(request, good_ones)
{
	char why[128];

	cr_expect_eq(parse("{\"esafe\":1,\"verb\":\"status\"}", why), &verbs[0], "%s", why);
	cr_expect_eq(parse("{\"esafe\":1,\"verb\":\"status\",\"args\":{}}", why), &verbs[0], "%s", why);
	cr_expect_eq(parse("{\"esafe\":1,\"verb\":\"list find\",\"args\":{\"name\":\"a\",\"limit\":100,\"follow\":true}}",
			   why), &verbs[1], "%s", why);
}

Test(request, bad_ones)
{
	static const struct {
		const char *line, *why;
	} rows[] = {
		{ "", "not a JSON object" },
		{ "status", "not a JSON object" },
		{ "[]", "not a JSON object" },
		{ "{\"esafe\":1,\"verb\":\"status\"} x", "not a JSON object" },
		{ "{\"verb\":\"status\"}", "version 1" },
		{ "{\"esafe\":2,\"verb\":\"status\"}", "version 1" },
		{ "{\"esafe\":1,\"verb\":7}", "version 1" },
		{ "{\"esafe\":1,\"esafe\":1,\"verb\":\"status\"}", "not a JSON object" },
		{ "{\"esafe\":1,\"verb\":\"statsu\"}", "did you mean status" },
		{ "{\"esafe\":1,\"verb\":\"\\u001b[2Jx\"}", "no such verb: ?[2Jx" },
		{ "{\"esafe\":1,\"verb\":\"status\",\"args\":[]}", "args must be an object" },
		{ "{\"esafe\":1,\"verb\":\"status\",\"args\":{\"name\":\"a\"}}", "no such argument: name" },
		{ "{\"esafe\":1,\"verb\":\"list find\",\"args\":{\"nmae\":\"a\"}}", "did you mean name" },
		{ "{\"esafe\":1,\"verb\":\"list find\"}", "argument name is missing" },
		{ "{\"esafe\":1,\"verb\":\"list find\",\"args\":{\"name\":1}}", "name must be a text" },
		{ "{\"esafe\":1,\"verb\":\"list find\",\"args\":{\"name\":\"123456789\"}}", "longer than 8" },
		{ "{\"esafe\":1,\"verb\":\"list find\",\"args\":{\"name\":\"a\",\"limit\":101}}", "from 0 to 100" },
		{ "{\"esafe\":1,\"verb\":\"list find\",\"args\":{\"name\":\"a\",\"limit\":-1}}", "from 0 to 100" },
		{ "{\"esafe\":1,\"verb\":\"list find\",\"args\":{\"name\":\"a\",\"limit\":1.5}}", "whole number" },
		{ "{\"esafe\":1,\"verb\":\"list find\",\"args\":{\"name\":\"a\",\"follow\":1}}", "true or false" },
		{ "{\"esafe\":1,\"verb\":\"list find\",\"args\":{\"name\":\"a\\u0000b\"}}", "not a JSON object" },
	};
	char why[128];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_expect_null(parse(rows[i].line, why), "%s", rows[i].line);
		cr_expect(strstr(why, rows[i].why), "%s: %s", rows[i].line, why);
	}
}

Test(request, deep_nesting_is_refused)
{
	char line[200000], why[128];

	memset(line, '[', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	cr_expect_null(parse(line, why));
}
