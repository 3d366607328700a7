/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "print.h"

#define NEST_MAX 8

/* ---- one value ---- */

/* Reads one character of valid UTF-8 (jansson hands out no other). */
static unsigned next_character(const char **at)
{
	const unsigned char *c = (const unsigned char *)*at;
	int more = *c >= 0xf0 ? 3 : *c >= 0xe0 ? 2 : *c >= 0xc0 ? 1 : 0;
	unsigned value = more ? *c & (0x3f >> more) : *c;

	for (int i = 1; i <= more && c[i]; i++)
		value = value << 6 | (c[i] & 0x3f);
	for (*at += 1; more && (**at & 0xc0) == 0x80; more--)
		*at += 1;
	return value;
}

static bool may_be_shown(unsigned c)
{
	static const struct {
		unsigned first, last;
	} hidden[] = {
		{ 0, 0x1f }, { 0x7f, 0x9f }, { 0xad, 0xad }, { 0x61c, 0x61c }, { 0x200b, 0x200f }, { 0x2028, 0x202e },
		{ 0x2060, 0x206f }, { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff }, { 0xfff0, 0xfffb }, { 0xe0000, 0xe0fff },
	};

	for (size_t i = 0; i < sizeof(hidden) / sizeof(*hidden); i++)
		if (c >= hidden[i].first && c <= hidden[i].last)
			return false;
	return true;
}

int print_safe(FILE *to, const char *text)
{
	int columns = 0;

	while (*text) {
		const char *start = text;
		unsigned c = next_character(&text);

		if (may_be_shown(c)) {
			fwrite(start, 1, text - start, to);
			columns++;
		} else {
			columns += fprintf(to, c < 0x100 ? "\\x%02x" : "\\u%04x", c);
		}
	}
	return columns;
}

/* Scalars as text; `room` is used for numbers. NULL: nothing to say. */
static const char *scalar_text(const json_t *value, char room[40])
{
	if (json_is_string(value))
		return json_string_value(value);
	if (json_is_boolean(value))
		return json_is_true(value) ? "yes" : "no";
	if (json_is_integer(value))
		snprintf(room, 40, "%lld", (long long)json_integer_value(value));
	else if (json_is_real(value))
		snprintf(room, 40, "%.6g", json_real_value(value));
	else
		return NULL;
	return room;
}

/* 2026-11-22T09:00:01.123+00:00 is long for a column: 2026-11-22 09:00:01 says enough where a person reads. */
static const char *short_time(const char *text, char room[40])
{
	if (strlen(text) < 19 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':')
		return text;
	memcpy(room, text, 19);
	room[10] = ' ';
	room[19] = '\0';
	return room;
}

static const char *cell_text(const json_t *row, const struct column *column, char room[40])
{
	return scalar_text(json_object_get(row, column->key), room) ?: "";
}

/* ---- text ---- */

static void pad(FILE *to, int used, int width)
{
	fprintf(to, "%*s", used < width ? width - used + 1 : 1, "");
}

static void text_heading(struct printer *printer)
{
	for (const struct column *column = printer->columns; column->key; column++) {
		if (column->width < 0)
			continue;
		fputs(column->head, printer->to);
		if (column->width)
			pad(printer->to, strlen(column->head), column->width);
	}
	fputc('\n', printer->to);
}

static void text_row(struct printer *printer, const json_t *row)
{
	char room[40], time[40];

	for (const struct column *column = printer->columns; column->key; column++) {
		const char *text;
		int used;

		if (column->width < 0)
			continue;
		text = short_time(cell_text(row, column, room), time);
		used = print_safe(printer->to, text);
		if (column->width)
			pad(printer->to, used, column->width);
	}
	fputc('\n', printer->to);
}

static void text_tree(FILE *to, const json_t *value, int depth);

static void text_member(FILE *to, const char *key, const json_t *value, int depth)
{
	char room[40], time[40];
	const char *text = scalar_text(value, room);

	fprintf(to, "%*s", depth * 2, "");
	print_safe(to, key);
	fputc(':', to);
	if (text) {
		pad(to, depth * 2 + (int)strlen(key) + 1, 18);
		print_safe(to, short_time(text, time));
		fputc('\n', to);
	} else {
		fputc('\n', to);
		text_tree(to, value, depth + 1);
	}
}

/* The members of an object of scalars on one line, as an item of an array is shown. */
static void text_item(FILE *to, const json_t *value, int depth)
{
	const char *key, *text;
	char room[40], time[40];
	json_t *member;

	fprintf(to, "%*s", depth * 2, "");
	text = scalar_text(value, room);
	if (text)
		print_safe(to, text);
	json_object_foreach((json_t *)value, key, member) {
		text = scalar_text(member, room);
		if (!text)
			continue;
		print_safe(to, key);
		fputc(' ', to);
		print_safe(to, short_time(text, time));
		fputs("  ", to);
	}
	fputc('\n', to);
}

static void text_tree(FILE *to, const json_t *value, int depth)
{
	const char *key;
	json_t *member;
	size_t i;

	if (depth > NEST_MAX)
		return;
	json_object_foreach((json_t *)value, key, member)
		text_member(to, key, member, depth);
	json_array_foreach(value, i, member)
		text_item(to, member, depth);
}

static void print_text(struct printer *printer, const json_t *row)
{
	if (!printer->columns) {
		text_tree(printer->to, row, 0);
		return;
	}
	if (!printer->headed)
		text_heading(printer);
	printer->headed = true;
	text_row(printer, row);
}

/* ---- CSV ---- */

/* Would a spreadsheet calculate it? Some pass over what cannot be seen, and know the wide signs of East Asia. */
static bool is_formula(const char *text)
{
	static const unsigned signs[] = { '=', '+', '-', '@', '|', 0xff1d, 0xff0b, 0xff0d, 0xff20 };
	unsigned c = *text ? next_character(&text) : 0;

	while (c && (c == ' ' || !may_be_shown(c)))
		c = *text ? next_character(&text) : 0;
	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++)
		if (c == signs[i])
			return true;
	return false;
}

void print_csv_field(FILE *to, const char *text, bool is_text)
{
	fputc('"', to);
	if (is_text && is_formula(text))
		fputc('\'', to);
	while (*text) {
		const char *start = text;
		unsigned c = next_character(&text);

		if (c == '"')
			fputc('"', to);
		/* A line break would be legal; no field of ours has one that was meant. */
		if (may_be_shown(c))
			fwrite(start, 1, text - start, to);
		else
			fputc(' ', to);
	}
	fputc('"', to);
}

static void csv_line(struct printer *printer, const json_t *row)
{
	char room[40];

	for (const struct column *column = printer->columns; column->key; column++) {
		const json_t *value = json_object_get(row, column->key);

		if (column != printer->columns)
			fputc(',', printer->to);
		if (row)
			print_csv_field(printer->to, scalar_text(value, room) ?: "", json_is_string(value));
		else
			fputs(column->key, printer->to);
	}
	fputs("\r\n", printer->to);
}

static void print_csv(struct printer *printer, const json_t *row)
{
	if (!printer->columns)
		return; /* verbs without columns do not offer CSV */
	if (!printer->headed)
		csv_line(printer, NULL);
	printer->headed = true;
	csv_line(printer, row);
}

/* ---- JSON ---- */

static void print_json(struct printer *printer, const json_t *row)
{
	char *line = json_dumps(row, JSON_COMPACT | JSON_ENSURE_ASCII);

	/* JSON lets DEL stand as it is; a terminal need not. */
	for (const char *at = line; at && *at; at++)
		*at == 0x7f ? fputs("\\u007f", printer->to) : fputc(*at, printer->to);
	fputc('\n', printer->to);
	free(line);
}

static void (*const styles[])(struct printer *printer, const json_t *row) = {
	[PRINT_TEXT] = print_text,
	[PRINT_CSV] = print_csv,
	[PRINT_JSON] = print_json,
};

int print_row(struct printer *printer, const json_t *row)
{
	styles[printer->style](printer, row);
	return ferror(printer->to) ? -1 : 0;
}
