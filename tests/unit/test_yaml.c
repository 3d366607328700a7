/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "schema.h"
#include "told.h"
#include "yamltree.h"

static struct node *read(const char *text)
{
	struct problems problems = { 0 };
	struct node *node = yaml_read("f", text, strlen(text), &problems);

	cr_assert_not_null(node, "%s", problems.n ? problems.item[0].text : "");
	cr_assert_eq(problems.n, 0);
	return node;
}

static void refused(const char *text, size_t len, int line, int column, const char *says)
{
	struct problems problems = { 0 };

	cr_assert_null(yaml_read("f", text, len, &problems), "%s", says);
	told(&problems, &(struct wrong_text){ text, line, column, says });
}

#define REFUSED(text, line, column, says) refused(text, sizeof(text) - 1, line, column, says)

Test(yaml, knows_where_everything_stands)
{
	struct node *root = read("a: 1\nlist:\n  - x\n  - { k: \"v\" }\n");
	const struct node *list = node_get(root, "list");

	cr_assert_eq(root->kind, NODE_MAP);
	cr_assert_eq(root->children, 2);
	cr_expect_str_eq(node_get(root, "a")->text, "1");
	cr_assert_eq(list->kind, NODE_LIST);
	cr_expect_eq(list->key_line, 2);
	cr_expect_eq(list->first->line, 3);
	cr_expect_eq(list->first->column, 5);
	cr_expect_str_eq(node_get(list->first->next, "k")->text, "v");
	cr_expect(node_get(list->first->next, "k")->quoted);
	cr_expect_null(node_get(root, "b"));
	node_free(root);
}

Test(yaml, nothing_is_an_empty_map)
{
	struct node *root = read("# only a comment\n");

	cr_expect_eq(root->kind, NODE_MAP);
	cr_expect_eq(root->children, 0);
	node_free(root);
}

Test(yaml, refuses_what_is_not_plain)
{
	REFUSED("a: &x 1\nb: *x\n", 1, 4, "anchors");
	REFUSED("b: *x\n", 1, 4, "aliases");
	REFUSED("a: !!int 1\n", 1, 4, "tags");
	REFUSED("a: 1\n---\nb: 2\n", 2, 1, "second document");
	REFUSED("a: \"x\\e[31m\"\n", 1, 4, "control character");
	REFUSED("a: \"x\\0y\"\n", 1, 4, "control character");
	REFUSED("a: \"\\x9b\"\n", 1, 4, "control character");
	REFUSED("? [x]\n: 1\n", 1, 3, "single word");
	REFUSED("a: 1\nb: [1, 2\n", 3, 1, "not YAML");
}

Test(yaml, names_both_lines_of_a_key_that_comes_twice)
{
	REFUSED("a: 1\nb: 2\nc: 3\n  \nb: 4\n", 5, 1, "first in line 2");
	REFUSED("a: { x: 1, y: 2, x: 3 }\n", 1, 18, "\"x\" stands here twice");
}

Test(yaml, is_bounded)
{
	char deep[200];
	char *wide = malloc(YAML_BYTES + 2);
	struct problems problems = { 0 };

	memset(deep, '[', 100);
	memset(deep + 100, ']', 100);
	refused(deep, sizeof(deep), 1, YAML_DEPTH + 2, "too deep");
	memset(wide, 'x', YAML_WORD + 1);
	refused(wide, YAML_WORD + 1, 1, 1, "longer than");
	cr_expect_null(yaml_read("f", wide, YAML_BYTES + 1, &problems));
	problems_free(&problems);
	for (size_t i = 0; i < YAML_NODES + 10; i++)
		memcpy(wide + i * 3, "- \n", 3);
	refused(wide, (YAML_NODES + 10) * 3, YAML_NODES, 2, "too many entries");
	free(wide);
}

struct fields {
	char *text;
	bool flag;
	unsigned number;
	int word;
};

static const struct word words[] = { { "strict", 7 }, { "moderate", 8 }, { 0 } };
static const struct limits limits = { 1, 10 };
static const struct row rows[] = {
	{ .key = "text", .read = row_text, .offset = offsetof(struct fields, text), .required = true },
	{ .key = "flag", .read = row_flag, .offset = offsetof(struct fields, flag) },
	{ .key = "number", .read = row_number, .offset = offsetof(struct fields, number), .arg = &limits },
	{ .key = "word", .read = row_word, .offset = offsetof(struct fields, word), .arg = words },
	{ 0 },
};

Test(schema, reads_fields)
{
	struct problems problems = { 0 };
	struct reader reader = { .file = "f", .problems = &problems };
	struct fields fields = { 0 };
	struct node *root = read("word: moderate\ntext: hello\nflag: yes\nnumber: 10\n");

	cr_assert_eq(schema_map(&reader, root, rows, &fields), 0);
	cr_expect_str_eq(fields.text, "hello");
	cr_expect(fields.flag);
	cr_expect_eq(fields.number, 10);
	cr_expect_eq(fields.word, 8);
	free(fields.text);
	node_free(root);
}

Test(schema, tells_every_problem_with_a_hint)
{
	static const char *const says[] = { "did you mean \"number\"", "it is strict or moderate",
					    "did you mean \"yes\"", "from 1 to 10", "\"text\" is missing" };
	struct problems problems = { 0 };
	struct reader reader = { .file = "f", .problems = &problems };
	struct fields fields = { 0 };
	struct node *root = read("numbr: 4\nflag: yse\nnumber: 11\nword: zzzzzzzz\n");

	cr_assert_neq(schema_map(&reader, root, rows, &fields), 0);
	for (size_t i = 0; i < sizeof(says) / sizeof(says[0]); i++) {
		int found = 0;

		for (unsigned j = 0; j < problems.n; j++)
			found |= !!strstr(problems.item[j].text, says[i]);
		cr_expect(found, "%s", says[i]);
	}
	cr_expect_eq(problems.item[0].line, 1);
	cr_expect_eq(problems.item[0].column, 1);
	cr_expect_eq(fields.number, 0, "touched on failure");
	problems_free(&problems);
	node_free(root);
}

Test(schema, numbers_are_whole_and_bounded)
{
	unsigned n = 77;

	cr_expect_eq(number_from_text("0", 0, 5, &n), 0);
	cr_expect_eq(n, 0);
	n = 77;
	cr_expect_neq(number_from_text("", 0, 5, &n), 0);
	cr_expect_neq(number_from_text("-1", 0, 5, &n), 0);
	cr_expect_neq(number_from_text("+1", 0, 5, &n), 0);
	cr_expect_neq(number_from_text(" 1", 0, 5, &n), 0);
	cr_expect_neq(number_from_text("1x", 0, 5, &n), 0);
	cr_expect_neq(number_from_text("6", 0, 5, &n), 0);
	cr_expect_neq(number_from_text("0", 1, 5, &n), 0);
	cr_expect_neq(number_from_text("4294967297", 0, 5, &n), 0);
	cr_expect_neq(number_from_text("99999999999999999999", 0, 5, &n), 0);
	cr_expect_eq(n, 77);
}
