/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "template.h"
#include "pagetext.h"

#define DEPTH 8      /* of sections in each other, and of templates in each other */
#define WORD 32      /* longest name */
#define ROWS_MAX 500 /* of a list that are shown */

enum kind { TEXT, VALUE, SECTION, INVERTED, END, INCLUDE };

struct node {
	enum kind kind;
	const char *text; /* TEXT */
	size_t len;
	char name[WORD];
	size_t match;     /* SECTION, INVERTED: index of the END */
	const struct template *other; /* INCLUDE */
};

struct template {
	struct template *next;
	char *name;
	char *text; /* nodes point into it */
	struct node *node;
	size_t n;
	unsigned depth; /* of templates included below */
};

/* ---- reading ---- */

struct reading {
	struct templates *templates;
	struct template *template;
	const char *file;
	struct problems *problems;
	size_t open[DEPTH]; /* sections that are not ended yet */
	unsigned depth;
	int line;
};

static struct node *add_node(struct reading *reading, enum kind kind)
{
	struct template *t = reading->template;
	struct node *grown = reallocarray(t->node, t->n + 1, sizeof(*grown));

	if (!grown)
		return NULL;
	t->node = grown;
	grown[t->n] = (struct node){ .kind = kind };
	return &grown[t->n++];
}

static int complain(struct reading *reading, const char *fmt, const char *word)
{
	problem_add(reading->problems, reading->file, reading->line, 0, fmt, word);
	return -EINVAL;
}

static int know(struct reading *reading, const char *name)
{
	const struct templates *templates = reading->templates;
	const char *near;

	for (size_t i = 0; i < templates->words_n; i++)
		if (!strcmp(templates->words[i], name))
			return 0;
	if (!strcmp(name, "."))
		return 0;
	near = nearest(name, templates->words, templates->words_n);
	problem_add(reading->problems, reading->file, reading->line, 0, "nothing is called {{%s}}%s%s%s", name,
		    near ? "; did you mean {{" : "", near ? near : "", near ? "}}?" : "");
	return -EINVAL;
}

static int add_end(struct reading *reading, const char *name)
{
	struct template *t = reading->template;
	struct node *node;
	size_t open;

	if (!reading->depth)
		return complain(reading, "{{/%s}} ends nothing", name);
	open = reading->open[--reading->depth];
	if (strcmp(t->node[open].name, name))
		return complain(reading, "{{/%s}} stands where another section ends", name);
	node = add_node(reading, END);
	if (!node)
		return -ENOMEM;
	t->node[open].match = t->n - 1;
	return 0;
}

static int add_include(struct reading *reading, const char *name)
{
	const struct template *other = template_find(reading->templates, name);
	struct node *node;

	if (!other)
		return complain(reading, "there is no template {{> %s}} here", name);
	if (other->depth + 1 >= DEPTH)
		return complain(reading, "{{> %s}}: too many templates in each other", name);
	if (reading->template->depth < other->depth + 1)
		reading->template->depth = other->depth + 1;
	node = add_node(reading, INCLUDE);
	if (!node)
		return -ENOMEM;
	node->other = other;
	return 0;
}

static int add_named(struct reading *reading, enum kind kind, const char *name)
{
	struct node *node;

	if (know(reading, name))
		return -EINVAL;
	node = add_node(reading, kind);
	if (!node)
		return -ENOMEM;
	strcpy(node->name, name);
	if (kind == VALUE)
		return 0;
	if (reading->depth == DEPTH)
		return complain(reading, "{{#%s}}: too many sections in each other", name);
	reading->open[reading->depth++] = reading->template->n - 1;
	return 0;
}

static int add_tag(struct reading *reading, const char *tag, size_t len)
{
	static const struct {
		char sign;
		enum kind kind;
	} signs[] = { { '#', SECTION }, { '^', INVERTED }, { '/', END }, { '>', INCLUDE } };
	enum kind kind = VALUE;
	char name[WORD];

	for (size_t i = 0; len && i < sizeof(signs) / sizeof(*signs); i++)
		if (*tag == signs[i].sign)
			kind = signs[i].kind;
	if (kind != VALUE) {
		tag++;
		len--;
	}
	for (; len && *tag == ' '; len--)
		tag++;
	while (len && tag[len - 1] == ' ')
		len--;
	if (!len || len >= sizeof(name))
		return complain(reading, "{{ }} without a name%s", "");
	memcpy(name, tag, len);
	name[len] = '\0';
	if (kind == END)
		return add_end(reading, name);
	return kind == INCLUDE ? add_include(reading, name) : add_named(reading, kind, name);
}

static int read_nodes(struct reading *reading, const char *at)
{
	int err = 0;

	while (*at && !err) {
		const char *tag = strstr(at, "{{"), *end;
		size_t len = tag ? (size_t)(tag - at) : strlen(at);
		struct node *node = len ? add_node(reading, TEXT) : NULL;

		if (len && !node)
			return -ENOMEM;
		if (node) {
			node->text = at;
			node->len = len;
		}
		for (size_t i = 0; i < len; i++)
			reading->line += at[i] == '\n';
		if (!tag)
			break;
		end = strstr(tag, "}}");
		if (!end)
			return complain(reading, "{{ without }}%s", "");
		err = add_tag(reading, tag + 2, (size_t)(end - tag - 2));
		at = end + 2;
	}
	if (!err && reading->depth)
		err = complain(reading, "{{#%s}} is not ended",
			       reading->template->node[reading->open[reading->depth - 1]].name);
	return err;
}

static void template_free(struct template *t)
{
	free(t->name);
	free(t->text);
	free(t->node);
	free(t);
}

int template_read(struct templates *templates, const char *name, const char *file, const char *text, size_t len,
		  struct problems *problems)
{
	struct template *t = calloc(1, sizeof(*t));
	struct reading reading = { .templates = templates, .template = t, .file = file, .problems = problems, .line = 1 };
	int err = -ENOMEM;

	if (!t)
		return -ENOMEM;
	t->name = strdup(name);
	t->text = strndup(text, len);
	if (t->name && t->text)
		err = strlen(t->text) == len && text_is_clean(text, len) ? read_nodes(&reading, t->text) :
			complain(&reading, "%s is not UTF-8 text", name);
	if (err) {
		template_free(t);
		return err;
	}
	t->next = templates->first;
	templates->first = t;
	return 0;
}

const struct template *template_find(const struct templates *templates, const char *name)
{
	const struct template *t = templates->first;

	while (t && strcmp(t->name, name))
		t = t->next;
	return t;
}

void templates_free(struct templates *templates)
{
	while (templates->first) {
		struct template *t = templates->first;

		templates->first = t->next;
		template_free(t);
	}
}

/* ---- writing ---- */

struct writing {
	json_t *seen[DEPTH * DEPTH]; /* innermost last */
	unsigned depth;
	FILE *out;
};

static json_t *look_up(const struct writing *writing, const char *name)
{
	json_t *value;

	if (!strcmp(name, "."))
		return writing->seen[writing->depth - 1];
	for (unsigned i = writing->depth; i-- > 0;) {
		value = json_object_get(writing->seen[i], name);
		if (value)
			return value;
	}
	return NULL;
}

static void write_value(const struct writing *writing, const json_t *value)
{
	if (json_is_string(value))
		text_escape(writing->out, json_string_value(value));
	else if (json_is_integer(value))
		fprintf(writing->out, "%lld", (long long)json_integer_value(value));
}

static bool says_something(const json_t *value)
{
	switch (value ? json_typeof(value) : JSON_NULL) {
	case JSON_ARRAY:
		return json_array_size(value) > 0;
	case JSON_STRING:
		return *json_string_value(value);
	case JSON_INTEGER:
		return json_integer_value(value) != 0;
	case JSON_OBJECT:
	case JSON_TRUE:
		return true;
	default:
		return false;
	}
}

static void write_nodes(struct writing *writing, const struct template *t, size_t from, size_t to);

static void write_with(struct writing *writing, const struct template *t, size_t open, json_t *element)
{
	if (writing->depth == sizeof(writing->seen) / sizeof(*writing->seen))
		return;
	writing->seen[writing->depth++] = element;
	write_nodes(writing, t, open + 1, t->node[open].match);
	writing->depth--;
}

static void write_section(struct writing *writing, const struct template *t, size_t open)
{
	json_t *value = look_up(writing, t->node[open].name), *element;
	size_t i;

	if (!says_something(value))
		return;
	if (!json_is_array(value)) {
		write_with(writing, t, open, value);
		return;
	}
	json_array_foreach(value, i, element)
		if (i < ROWS_MAX)
			write_with(writing, t, open, element);
}

static void write_nodes(struct writing *writing, const struct template *t, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		const struct node *node = &t->node[i];

		switch (node->kind) {
		case TEXT:
			fwrite(node->text, 1, node->len, writing->out);
			break;
		case VALUE:
			write_value(writing, look_up(writing, node->name));
			break;
		case SECTION:
			write_section(writing, t, i);
			i = node->match;
			break;
		case INVERTED:
			if (!says_something(look_up(writing, node->name)))
				write_nodes(writing, t, i + 1, node->match);
			i = node->match;
			break;
		case INCLUDE:
			write_nodes(writing, node->other, 0, node->other->n);
			break;
		case END:
			break;
		}
	}
}

void template_write(const struct template *template, json_t *data, FILE *out)
{
	struct writing writing = { .seen = { data }, .depth = 1, .out = out };

	write_nodes(&writing, template, 0, template->n);
}
