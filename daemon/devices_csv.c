/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "csv.h"
#include "devices_csv.h"

#define TEXT_MAX 255      /* bytes of a value */
#define DEVICES_MAX 100000

enum { COL_MAC, COL_NAME, COL_GROUP, COL_OWNER, COL_NOTE, COLUMNS };
static const char *const column_names[COLUMNS] = { "mac", "name", "group", "owner", "note" };

/* ---- addresses ---- */
static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* How a MAC is cut: digits between separators. */
static const struct {
	char separator;
	int digits;
} spellings[] = { { ':', 2 }, { '-', 2 }, { '.', 4 }, { '\0', 12 } };

static int mac_parse(const char *text, char separator, int digits, __u8 mac[6])
{
	__u8 out[6] = { 0 };

	for (int i = 0; i < 12; i++) {
		if (i && i % digits == 0 && *text++ != separator)
			return -EINVAL;
		if (hex(*text) < 0)
			return -EINVAL;
		out[i / 2] = (__u8)(out[i / 2] << 4 | hex(*text++));
	}
	if (*text)
		return -EINVAL;
	memcpy(mac, out, sizeof(out));
	return 0;
}

int device_key_parse(const char *text, __u8 *kind, __u8 addr[16])
{
	__u8 out[16] = { 0 };

	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++)
		if (!mac_parse(text, spellings[i].separator, spellings[i].digits, out)) {
			*kind = ESAFE_BY_MAC;
			memcpy(addr, out, sizeof(out));
			return 0;
		}
	if (inet_pton(AF_INET, text, out + 12) == 1)
		out[10] = out[11] = 0xff;
	else if (inet_pton(AF_INET6, text, out) != 1)
		return -EINVAL;
	*kind = ESAFE_BY_ADDRESS;
	memcpy(addr, out, sizeof(out));
	return 0;
}

void device_key_text(__u8 kind, const __u8 addr[16], char out[46])
{
	static const __u8 mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (kind == ESAFE_BY_MAC)
		snprintf(out, 46, "%02x:%02x:%02x:%02x:%02x:%02x", addr[0], addr[1], addr[2], addr[3], addr[4], addr[5]);
	else if (!memcmp(addr, mapped, sizeof(mapped)))
		inet_ntop(AF_INET, addr + 12, out, 46);
	else
		inet_ntop(AF_INET6, addr, out, 46);
}

/* ---- reading ---- */
struct reader {
	const char *file;
	struct csv csv;
	struct problems *problems;
	int column[COLUMNS]; /* which COL_* stands there; more columns than that are wrong in some way */
	int columns;
	struct devices devices;
	size_t room;
	unsigned wrong;
};

static void complain(struct reader *reader, int line, int column, const char *fmt, const char *what)
{
	reader->wrong++;
	problem_add(reader->problems, reader->file, line, column, fmt, what);
}

/* Length of the well-formed UTF-8 character at `at` (RFC 3629), or 0. */
static size_t utf8_length(const unsigned char *at, const unsigned char *end)
{
	static const __u32 least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = *at < 0x80 ? 1 : *at >> 5 == 6 ? 2 : *at >> 4 == 14 ? 3 : *at >> 3 == 30 ? 4 : 0;
	__u32 character;

	if (len <= 1)
		return len;
	if ((size_t)(end - at) < len)
		return 0;
	character = *at & (0x7f >> len);
	for (size_t i = 1; i < len; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		character = character << 6 | (at[i] & 0x3f);
	}
	return character < least[len] || character > 0x10ffff || (character >> 11) == 0x1b ? 0 : len;
}

static const char *text_fault(const char *text, size_t len)
{
	const unsigned char *at = (const unsigned char *)text;
	const unsigned char *end = at + len;

	while (at < end) {
		size_t step = utf8_length(at, end);

		if (!step)
			return "not UTF-8: save the sheet as \"CSV UTF-8\"";
		if (*at < 0x20 || *at == 0x7f)
			return "a control character (a line break within a value?)";
		at += step;
	}
	return NULL;
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

static void header_field(struct reader *reader, struct csv_field *field)
{
	const char *fault = text_fault(field->text, field->len);
	const char *word = trim(field);
	const char *near;
	int found = -1;

	if (fault) {
		complain(reader, field->line, field->column, "%s", fault);
		return;
	}

	for (int i = 0; i < COLUMNS; i++)
		if (!strcasecmp(word, column_names[i]))
			found = i;
	for (int i = 0; i < reader->columns; i++)
		if (found >= 0 && reader->column[i] == found)
			complain(reader, field->line, field->column, "column \"%s\" stands here a second time", word);
	near = found < 0 ? nearest(word, column_names, COLUMNS) : NULL;
	if (near)
		complain(reader, field->line, field->column, "unknown column: is it \"%s\"?", near);
	else if (found < 0)
		complain(reader, field->line, field->column, "unknown column \"%s\": known are mac, name, group, owner, "
							     "note, with commas between", word);
	if (reader->columns < (int)(sizeof(reader->column) / sizeof(reader->column[0])))
		reader->column[reader->columns++] = found;
}

static void read_header(struct reader *reader)
{
	bool have[COLUMNS] = { false };
	struct csv_field field = { 0 };
	char room[TEXT_MAX + 1];
	int got;

	while ((got = csv_field(&reader->csv, room, sizeof(room), &field)) > 0) {
		header_field(reader, &field);
		if (field.last)
			break;
	}
	if (got < 0)
		complain(reader, field.line, field.column, "%s", reader->csv.wrong);
	for (int i = 0; i < reader->columns; i++)
		if (reader->column[i] >= 0)
			have[reader->column[i]] = true;
	for (int i = COL_MAC; i <= COL_NAME && !reader->wrong; i++)
		if (!have[i])
			complain(reader, 1, 0, "the first line must name the columns; \"%s\" is missing", column_names[i]);
}

static int add_device(struct reader *reader, const struct reg_device *device, int line)
{
	struct devices *devices = &reader->devices;
	struct reg_device *item;
	int *lines;

	if (devices->n == reader->room) {
		size_t room = reader->room * 2 + 64;

		item = realloc(devices->item, room * sizeof(*item));
		if (item)
			devices->item = item;
		lines = realloc(devices->line, room * sizeof(*lines));
		if (lines)
			devices->line = lines;
		if (!item || !lines)
			return -ENOMEM;
		reader->room = room;
	}
	devices->line[devices->n] = line;
	devices->item[devices->n++] = *device;
	return 0;
}

/* Zero, broadcast and multicast are never where a packet comes from. */
static bool is_nobody(__u8 kind, const __u8 addr[16])
{
	static const __u8 none[16];

	return !memcmp(addr, none, sizeof(none)) || (kind == ESAFE_BY_MAC ? addr[0] & 1 : addr[0] == 0xff);
}

/* One value put where it belongs. */
static int take_value(struct reader *reader, struct reg_device *device, int column, struct csv_field *field)
{
	char **const texts[COLUMNS] = { NULL, &device->name, &device->group, &device->owner, &device->note };
	const char *fault = text_fault(field->text, field->len);
	const char *text = trim(field);

	if (fault) {
		complain(reader, field->line, field->column, "%s", fault);
		return 0;
	}
	if (column == COL_MAC) {
		if (device_key_parse(text, &device->kind, device->addr))
			complain(reader, field->line, field->column,
				 *text ? "\"%s\" is neither a MAC nor an address" : "the MAC is missing%s", text);
		else if (is_nobody(device->kind, device->addr))
			complain(reader, field->line, field->column, "\"%s\" belongs to no one device", text);
		return 0;
	}
	if (column == COL_NAME && !*text)
		complain(reader, field->line, field->column, "the name is missing%s", "");
	*texts[column] = strdup(text);
	return *texts[column] ? 0 : -ENOMEM;
}

static int fill_up(struct reg_device *device)
{
	char **const texts[] = { &device->name, &device->group, &device->owner, &device->note };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!*texts[i] && !(*texts[i] = strdup("")))
			return -ENOMEM;
	return 0;
}

/* What a record lacked at its end: empty values, which mac and name must not be. */
static void check_missing(struct reader *reader, int columns, int line)
{
	for (int i = columns; i < reader->columns; i++)
		if (reader->column[i] <= COL_NAME)
			complain(reader, line, 0, "the value of \"%s\" is missing", column_names[reader->column[i]]);
}

/* 1: a record was read, right or wrong; 0: the text is over; -ENOMEM */
static int read_record(struct reader *reader)
{
	struct reg_device device = { 0 };
	struct csv_field field = { 0 };
	char room[TEXT_MAX + 1];
	unsigned wrong = reader->wrong;
	bool blank = true;
	int columns = 0, line = 0, err = 0;
	int got;

	do {
		got = csv_field(&reader->csv, room, sizeof(room), &field);
		if (got <= 0)
			break;
		line = line ? line : field.line;
		blank = blank && !field.len && field.last && !columns;
		if (blank)
			break;
		if (columns >= reader->columns && field.len)
			complain(reader, field.line, field.column, "more values than columns%s", "");
		else if (columns < reader->columns)
			err = take_value(reader, &device, reader->column[columns], &field);
		columns++;
	} while (!field.last && !err);
	if (got < 0)
		complain(reader, field.line, field.column, "%s", reader->csv.wrong);
	else if (columns && !err)
		check_missing(reader, columns, line);
	if (!err && columns && wrong == reader->wrong) {
		err = fill_up(&device);
		err = err ? err : add_device(reader, &device, line);
		if (!err)
			return 1;
	}
	register_device_free(&device);
	return err ? err : got != 0;
}

/* ---- twice the same ---- */
static int by_key(const void *a, const void *b)
{
	const struct reg_device *x = *(const struct reg_device *const *)a;
	const struct reg_device *y = *(const struct reg_device *const *)b;

	return x->kind != y->kind ? x->kind - y->kind : memcmp(x->addr, y->addr, sizeof(x->addr));
}

static int by_name(const void *a, const void *b)
{
	const struct reg_device *x = *(const struct reg_device *const *)a;
	const struct reg_device *y = *(const struct reg_device *const *)b;

	return strcasecmp(x->name, y->name);
}

static const struct reg_device **sorted(const struct devices *devices, int (*by)(const void *, const void *))
{
	const struct reg_device **index = malloc((devices->n + 1) * sizeof(*index));

	if (!index)
		return NULL;
	for (size_t i = 0; i < devices->n; i++)
		index[i] = &devices->item[i];
	if (devices->n)
		qsort(index, devices->n, sizeof(*index), by);
	return index;
}

static int check_twice(struct reader *reader, int (*by)(const void *, const void *), const char *what)
{
	const struct devices *devices = &reader->devices;
	const struct reg_device **index = sorted(devices, by);

	if (!index)
		return -ENOMEM;
	for (size_t i = 1; i < devices->n; i++) {
		int first, second;

		if (by(&index[i - 1], &index[i]))
			continue;
		first = devices->line[index[i - 1] - devices->item];
		second = devices->line[index[i] - devices->item];
		reader->wrong++;
		problem_add(reader->problems, reader->file, first > second ? first : second, 0,
			    "the same %s stands in line %d", what, first > second ? second : first);
	}
	free(index);
	return 0;
}

int devices_csv_read(const char *file, const char *text, size_t len, struct devices *out, struct problems *problems)
{
	struct reader reader = { .file = file, .problems = problems };
	int err = 1;

	csv_open(&reader.csv, text, len);
	read_header(&reader);
	if (reader.wrong) /* what follows could only be guessed at */
		return -EINVAL;
	while (err > 0 && reader.devices.n < DEVICES_MAX)
		err = read_record(&reader);
	if (err > 0 && reader.devices.n == DEVICES_MAX)
		complain(&reader, reader.csv.line, 0, "too many devices%s", "");
	if (err >= 0)
		err = check_twice(&reader, by_key, "MAC or address");
	if (!err)
		err = check_twice(&reader, by_name, "name");
	if (!err && reader.wrong)
		err = -EINVAL;
	if (err) {
		devices_free(&reader.devices);
		return err;
	}
	*out = reader.devices;
	return 0;
}

void devices_free(struct devices *devices)
{
	for (size_t i = 0; i < devices->n; i++)
		register_device_free(&devices->item[i]);
	free(devices->item);
	free(devices->line);
	*devices = (struct devices){ 0 };
}

/* ---- the difference ---- */
static const struct reg_device *find_key(const struct reg_device **index, size_t n, const struct reg_device *key)
{
	const struct reg_device **found = n ? bsearch(&key, index, n, sizeof(*index), by_key) : NULL;

	return found ? *found : NULL;
}

static void changes_text(const struct reg_device *old, const struct reg_device *new, char *out, size_t size)
{
	const struct {
		const char *what, *from, *to;
	} fields[] = {
		{ "name", old->name, new->name },
		{ "group", old->group, new->group },
		{ "owner", old->owner, new->owner },
		{ "note", old->note, new->note },
	};
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]) && used < size; i++)
		if (strcmp(fields[i].from, fields[i].to))
			used += (size_t)snprintf(out + used, size - used, "%s%s \"%s\" -> \"%s\"", used ? ", " : "",
						 fields[i].what, fields[i].from, fields[i].to);
}

int devices_diff(const struct devices *have, const struct devices *want,
		 void (*line)(void *ctx, char sign, const struct reg_device *device, const char *text), void *ctx)
{
	const struct reg_device **had = sorted(have, by_key);
	const struct reg_device **wanted = sorted(want, by_key);
	char text[4 * 2 * (TEXT_MAX + 16)];

	if (!had || !wanted) {
		free(had);
		free(wanted);
		return -ENOMEM;
	}
	for (size_t i = 0; i < want->n; i++) {
		const struct reg_device *old = find_key(had, have->n, &want->item[i]);

		text[0] = '\0';
		if (old)
			changes_text(old, &want->item[i], text, sizeof(text));
		line(ctx, !old ? '+' : *text ? '~' : '=', &want->item[i], text);
	}
	for (size_t i = 0; i < have->n; i++)
		if (!find_key(wanted, want->n, &have->item[i]))
			line(ctx, '-', &have->item[i], "");
	free(had);
	free(wanted);
	return 0;
}
