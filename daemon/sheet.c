/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sheet.h"
#include "text.h"

struct sheet {
	const struct sheet_kind *kind;
	const char *file;
	struct csv csv;
	struct problems *problems;
	int column[SHEET_COLUMNS]; /* which of the kind's stands there; negative: none */
	int columns;
	bool have[SHEET_COLUMNS];
	unsigned wrong;
	size_t records;
	void *ctx;
};

void sheet_wrong(struct sheet *sheet, int line, int column, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	problem_vadd(sheet->problems, sheet->file, line, column, fmt, args);
	va_end(args);
	sheet->wrong++;
}

static char *trim(struct csv_field *field)
{
	char *text = field->text;
	char *end = text + field->len;

	while (end > text && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	while (*text == ' ' || *text == '\t')
		text++;
	return text;
}

/* What was written so that a spreadsheet does not take it for a formula is read without its mark (cli/print.c). */
static const char *unmarked(const char *text)
{
	static const char *const signs[] = { "=", "+", "-", "@", "|", "\uff1d", "\uff0b", "\uff0d", "\uff20" };

	for (size_t i = 0; *text == '\'' && i < sizeof(signs) / sizeof(*signs); i++)
		if (!strncmp(text + 1, signs[i], strlen(signs[i])))
			return text + 1;
	return text;
}

/* ---- the heading ---- */

/* Whether the word is the name, or up to its "|" the other name. */
static bool same_word(const char *word, const char *name)
{
	for (;; word++, name++) {
		while (*word && strchr(" _-", *word))
			word++;
		while (*name && strchr(" _-", *name))
			name++;
		if (!*word)
			return !*name || *name == '|';
		if (tolower((unsigned char)*word) != *name)
			return false;
	}
}

static int find_column(const struct sheet_kind *kind, const char *word)
{
	for (int i = 0; i < kind->columns; i++) {
		const char *also = kind->column[i].also;

		if (same_word(word, kind->column[i].name))
			return i;
		for (; also; also = strchr(also, '|') ? strchr(also, '|') + 1 : NULL)
			if (same_word(word, also))
				return i;
	}
	return -1;
}

static void unknown_column(struct sheet *sheet, const struct csv_field *field, const char *word)
{
	const struct sheet_kind *kind = sheet->kind;
	const char *known[SHEET_COLUMNS], *near;
	char all[256];
	size_t used = 0;

	all[0] = '\0';
	for (int i = 0; i < kind->columns; i++) {
		known[i] = kind->column[i].name;
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s", i ? ", " : "", known[i]);
	}
	near = nearest(word, known, (size_t)kind->columns);
	if (near)
		sheet_wrong(sheet, field->line, field->column, "unknown column \"%s\": is it \"%s\"?", word, near);
	else
		sheet_wrong(sheet, field->line, field->column, "unknown column \"%s\": known are %s, with commas between",
			    word, all);
}

static void header_field(struct sheet *sheet, struct csv_field *field)
{
	const char *fault = text_fault(field->text, field->len);
	const char *word = trim(field);
	int found;

	if (fault) {
		sheet_wrong(sheet, field->line, field->column, "%s", fault);
		sheet->column[sheet->columns++] = -1;
		return;
	}
	found = find_column(sheet->kind, word);
	if (found < 0)
		unknown_column(sheet, field, word);
	else if (sheet->have[found])
		sheet_wrong(sheet, field->line, field->column, "column \"%s\" stands here a second time", word);
	else
		sheet->have[found] = true;
	sheet->column[sheet->columns++] = found;
}

static void read_header(struct sheet *sheet)
{
	struct csv_field field = { 0 };
	char room[SHEET_TEXT_MAX + 1];
	int got;

	while ((got = csv_field(&sheet->csv, room, sizeof(room), &field)) > 0) {
		if (sheet->columns == SHEET_COLUMNS) {
			sheet_wrong(sheet, field.line, field.column, "too many columns");
			break;
		}
		header_field(sheet, &field);
		if (field.last)
			break;
	}
	if (got < 0)
		sheet_wrong(sheet, field.line, field.column, "%s", sheet->csv.wrong);
	for (int i = 0; i < sheet->kind->columns && !sheet->wrong; i++)
		if (sheet->kind->column[i].needed && !sheet->have[i])
			sheet_wrong(sheet, 1, 0, "the first line must name the columns; \"%s\" is missing",
				    sheet->kind->column[i].name);
}

/* ---- the records ---- */

struct record {
	struct sheet_value value[SHEET_COLUMNS];
	char room[SHEET_COLUMNS][SHEET_TEXT_MAX + 1];
	int columns, line;
};

static void take_value(struct sheet *sheet, struct record *record, struct csv_field *field)
{
	int column = record->columns < sheet->columns ? sheet->column[record->columns] : -1;
	const struct sheet_column *kind = &sheet->kind->column[column < 0 ? 0 : column];
	const char *fault, *text;

	if (column < 0) {
		if (field->len)
			sheet_wrong(sheet, field->line, field->column, "more values than columns");
		return;
	}
	fault = text_fault(field->text, field->len);
	if (fault) {
		sheet_wrong(sheet, field->line, field->column, "%s", fault);
		return;
	}
	text = unmarked(trim(field));
	if (kind->needed && !*text)
		sheet_wrong(sheet, field->line, field->column, "the %s is missing", kind->missing ?: kind->name);
	strcpy(record->room[column], text); /* a field is no longer than the room that it was read into */
	record->value[column] = (struct sheet_value){ record->room[column], field->line, field->column };
}

/* What a record lacked at its end: empty values, which some must not be. */
static void fill_up(struct sheet *sheet, struct record *record)
{
	for (int i = record->columns; i < sheet->columns; i++) {
		int column = sheet->column[i];

		if (sheet->kind->column[column].needed)
			sheet_wrong(sheet, record->line, 0, "the value of \"%s\" is missing", sheet->kind->column[column].name);
		record->value[column] = (struct sheet_value){ "", record->line, 0 };
	}
}

/* 1: a record was read, right or wrong; 0: the text is over; -errno */
static int read_record(struct sheet *sheet)
{
	struct csv_field field = { 0 };
	char room[SHEET_TEXT_MAX + 1];
	unsigned wrong = sheet->wrong;
	struct record record;
	int got;

	memset(record.value, 0, sizeof(record.value));
	record.columns = record.line = 0;
	do {
		got = csv_field(&sheet->csv, room, sizeof(room), &field);
		if (got <= 0)
			break;
		if (!record.columns && !field.len && field.last)
			return 1; /* a blank line */
		record.line = record.line ?: field.line;
		take_value(sheet, &record, &field);
		record.columns++;
	} while (!field.last);
	if (got < 0)
		sheet_wrong(sheet, field.line, field.column, "%s", sheet->csv.wrong);
	else if (record.columns)
		fill_up(sheet, &record);
	if (!record.columns || wrong != sheet->wrong)
		return got != 0;
	sheet->records++;
	return sheet->kind->record(sheet->ctx, sheet, record.line, record.value) ?: 1;
}

int sheet_read(const struct sheet_kind *kind, const char *file, const char *text, size_t len, struct problems *problems,
	       void *ctx)
{
	struct sheet sheet = { .kind = kind, .file = file, .problems = problems, .ctx = ctx };
	int err = 1;

	csv_open(&sheet.csv, text, len);
	read_header(&sheet);
	if (sheet.wrong) /* what follows could only be guessed at */
		return -EINVAL;
	while (err > 0 && sheet.records < kind->most)
		err = read_record(&sheet);
	if (err > 0)
		sheet_wrong(&sheet, sheet.csv.line, 0, "too many %s", kind->what);
	return err < 0 ? err : sheet.wrong ? -EINVAL : 0;
}

/* ---- what readers of sheets share ---- */

int sheet_room(void **item, size_t size, int **line, size_t n, size_t *room)
{
	size_t more = *room * 2 + 64;
	void *items;
	int *lines;

	if (n < *room)
		return 0;
	items = realloc(*item, more * size);
	if (items)
		*item = items;
	lines = realloc(*line, more * sizeof(*lines));
	if (lines)
		*line = lines;
	if (!items || !lines)
		return -ENOMEM;
	*room = more;
	return 0;
}

const void **sheet_sorted(const void *item, size_t n, size_t size, int (*by)(const void *a, const void *b))
{
	const void **index = malloc((n + 1) * sizeof(*index));

	if (!index)
		return NULL;
	for (size_t i = 0; i < n; i++)
		index[i] = (const char *)item + i * size;
	if (n)
		qsort(index, n, sizeof(*index), by);
	return index;
}

int sheet_check_twice(const struct sheet_twice *twice, struct problems *problems)
{
	const void **index = sheet_sorted(twice->item, twice->n, twice->size, twice->by);

	if (!index)
		return -ENOMEM;
	for (size_t i = 1; i < twice->n; i++) {
		int first, second;

		if (twice->by(&index[i - 1], &index[i]))
			continue;
		first = twice->line[((const char *)index[i - 1] - (const char *)twice->item) / twice->size];
		second = twice->line[((const char *)index[i] - (const char *)twice->item) / twice->size];
		problem_add(problems, twice->file, first > second ? first : second, 0, "the same %s stands in line %d",
			    twice->what, first > second ? second : first);
	}
	free(index);
	return 0;
}

void sheet_changes(const struct sheet_field *field, size_t n, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < n && used < size; i++)
		if (field[i].to && strcmp(field[i].from ?: "", field[i].to))
			used += (size_t)snprintf(out + used, size - used, "%s%s \"%s\" -> \"%s\"", used ? ", " : "",
						 field[i].what, field[i].from ?: "", field[i].to);
}
