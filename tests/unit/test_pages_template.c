/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "template.h"

static const char *const words[] = { "name", "list", "yes", "title" };

static struct templates fresh(void)
{
	return (struct templates){ .words = words, .words_n = sizeof(words) / sizeof(*words) };
}

static int read_text(struct templates *templates, const char *name, const char *text, struct problems *problems)
{
	return template_read(templates, name, "file.html", text, strlen(text), problems);
}

static char *written(const struct templates *templates, const char *name, json_t *data)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	template_write(template_find(templates, name), data, out);
	fclose(out);
	return text;
}

Test(template, filled_in)
{
	static const struct { const char *text, *data, *out; } rows[] = {
		{ "plain", "{}", "plain" },
		{ "<p>{{name}}</p>", "{\"name\":\"<b>\\\"'&\"}", "<p>&lt;b&gt;&quot;&#39;&amp;</p>" },
		{ "{{ name }}{{title}}", "{\"name\":7}", "7" },
		{ "{{#yes}}on{{/yes}}{{^yes}}off{{/yes}}", "{\"yes\":true}", "on" },
		{ "{{#yes}}on{{/yes}}{{^yes}}off{{/yes}}", "{\"yes\":false}", "off" },
		{ "{{#yes}}on{{/yes}}{{^yes}}off{{/yes}}", "{\"yes\":\"\"}", "off" },
		{ "{{#yes}}on{{/yes}}{{^yes}}off{{/yes}}", "{\"yes\":[]}", "off" },
		{ "{{#yes}}on{{/yes}}{{^yes}}off{{/yes}}", "{\"yes\":0}", "off" },
		{ "{{#yes}}on{{/yes}}{{^yes}}off{{/yes}}", "{}", "off" },
		{ "{{#list}}[{{.}}]{{/list}}", "{\"list\":[\"a\",\"<\"]}", "[a][&lt;]" },
		{ "{{#list}}{{name}}-{{title}} {{/list}}", "{\"title\":\"t\",\"list\":[{\"name\":\"a\"},{\"name\":\"b\"}]}",
		  "a-t b-t " },
		{ "{{#list}}{{#list}}{{.}}{{/list}};{{/list}}", "{\"list\":[{\"list\":[\"a\",\"b\"]},{\"list\":[\"c\"]}]}",
		  "ab;c;" },
		{ "} { {} }}", "{}", "} { {} }}" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct templates templates = fresh();
		struct problems problems = { 0 };
		json_t *data = json_loads(rows[i].data, 0, NULL);
		char *text;

		cr_assert_eq(read_text(&templates, "t", rows[i].text, &problems), 0, "%s", rows[i].text);
		text = written(&templates, "t", data);
		cr_expect_str_eq(text, rows[i].out, "%s", rows[i].text);
		free(text);
		json_decref(data);
		templates_free(&templates);
	}
}

Test(template, others_included)
{
	struct templates templates = fresh();
	struct problems problems = { 0 };
	json_t *data = json_pack("{ss}", "name", "n");
	char *text;

	cr_assert_eq(read_text(&templates, "head", "<{{name}}>", &problems), 0);
	cr_assert_eq(read_text(&templates, "page", "{{> head}} rest", &problems), 0);
	text = written(&templates, "page", data);
	cr_expect_str_eq(text, "<n> rest");
	free(text);
	json_decref(data);
	templates_free(&templates);
}

Test(template, wrong_ones_are_told)
{
	static const struct { const char *text, *problem; int line; } rows[] = {
		{ "a\n{{nam}}", "nothing is called {{nam}}; did you mean {{name}}?", 2 },
		{ "{{#yes}}\n\n", "{{#yes}} is not ended", 3 },
		{ "{{/yes}}", "{{/yes}} ends nothing", 1 },
		{ "{{#yes}}{{#list}}{{/yes}}{{/list}}", "{{/yes}} stands where another section ends", 1 },
		{ "\n{{name", "{{ without }}", 2 },
		{ "{{}}", "{{ }} without a name", 1 },
		{ "{{> nowhere}}", "there is no template {{> nowhere}} here", 1 },
		{ "\xff", "t is not UTF-8 text", 1 },
		{ "{{#yes}}{{#yes}}{{#yes}}{{#yes}}{{#yes}}{{#yes}}{{#yes}}{{#yes}}{{#yes}}", "{{#yes}}: too many sections in "
		  "each other", 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct templates templates = fresh();
		struct problems problems = { 0 };

		cr_expect_eq(read_text(&templates, "t", rows[i].text, &problems), -EINVAL, "%s", rows[i].text);
		cr_assert_eq(problems.n, 1, "%s", rows[i].text);
		cr_expect_str_eq(problems.item[0].text, rows[i].problem);
		cr_expect_eq(problems.item[0].line, rows[i].line, "%s: line %d", rows[i].text, problems.item[0].line);
		cr_expect_null(template_find(&templates, "t"));
		problems_free(&problems);
		templates_free(&templates);
	}
}

Test(template, of_itself_there_is_none)
{
	struct templates templates = fresh();
	struct problems problems = { 0 };
	char name[2] = "a", text[16];

	cr_expect_eq(read_text(&templates, "a", "{{> a}}", &problems), -EINVAL);
	problems_free(&problems);
	cr_expect_eq(read_text(&templates, "a", "x", &problems), 0);
	for (int i = 1, err = 0; i < 12; i++) {
		snprintf(text, sizeof(text), "{{> %s}}", name);
		name[0]++;
		err = read_text(&templates, name, text, &problems);
		cr_expect_eq(err, i < 8 ? 0 : -EINVAL, "depth %d", i);
	}
	problems_free(&problems);
	templates_free(&templates);
}
