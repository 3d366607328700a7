/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "csv.h"

void csv_open(struct csv *csv, const char *text, size_t len)
{
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
		text += 3;
		len -= 3;
	}
	*csv = (struct csv){ .at = text, .end = text + len, .line_start = text, .line = 1 };
}

static void next_line(struct csv *csv)
{
	csv->line++;
	csv->line_start = csv->at;
}

/* Takes the end of a line; false if none stands here. */
static bool take_end(struct csv *csv)
{
	if (csv->end - csv->at >= 2 && csv->at[0] == '\r' && csv->at[1] == '\n')
		csv->at += 2;
	else if (csv->at < csv->end && (*csv->at == '\n' || *csv->at == '\r'))
		csv->at++;
	else
		return false;
	next_line(csv);
	return true;
}

static void skip_record(struct csv *csv)
{
	while (csv->at < csv->end && !take_end(csv))
		csv->at++;
}

static int fail(struct csv *csv, const char *wrong)
{
	csv->wrong = wrong;
	skip_record(csv);
	return -EINVAL;
}

/* Behind the opening quotation mark; leaves the one behind the closing mark. */
static int take_quoted(struct csv *csv, char *room, size_t size, size_t *len)
{
	while (csv->at < csv->end) {
		char c = *csv->at++;

		if (c == '"') {
			if (csv->at == csv->end || *csv->at != '"')
				return 0;
			csv->at++;
		}
		if (*len + 1 >= size)
			return fail(csv, "the value is too long");
		room[(*len)++] = c;
		if (c == '\n')
			next_line(csv);
	}
	return fail(csv, "the quotation mark is never closed");
}

static int take_plain(struct csv *csv, char *room, size_t size, size_t *len)
{
	for (; csv->at < csv->end && !strchr(",\r\n", *csv->at); csv->at++) {
		if (*csv->at == '"')
			return fail(csv, "a quotation mark within a value without quotation marks");
		if (*len + 1 >= size)
			return fail(csv, "the value is too long");
		room[(*len)++] = *csv->at;
	}
	/* strchr() finds the zero byte too. */
	return csv->at < csv->end && !*csv->at ? fail(csv, "a zero byte: this is not a text file") : 0;
}

int csv_field(struct csv *csv, char *room, size_t size, struct csv_field *field)
{
	size_t len = 0;
	int err;

	if (csv->at == csv->end)
		return 0;
	*field = (struct csv_field){
		.text = room, .line = csv->line, .column = (int)(csv->at - csv->line_start) + 1,
	};
	if (*csv->at == '"') {
		csv->at++;
		err = take_quoted(csv, room, size, &len);
	} else {
		err = take_plain(csv, room, size, &len);
	}
	if (err)
		return err;
	room[len] = '\0';
	field->len = len;
	if (memchr(room, '\0', len))
		return fail(csv, "a zero byte: this is not a text file");
	if (csv->at == csv->end || take_end(csv)) {
		field->last = true;
		return 1;
	}
	if (*csv->at != ',')
		return fail(csv, "something other than a comma behind the closing quotation mark");
	csv->at++;
	/* A comma at the very end is followed by one more, empty value: the last line lacks its end, not its value. */
	field->last = csv->at == csv->end;
	return 1;
}
