/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * First byte: the format, second: how the rest is cut into pieces. Whatever the cuts, a list must say the same; every
 * name must be a name.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "listfmt.h"
#include "names.h"

struct heard {
	unsigned long names, sum;
};

static int hear(void *ctx, const __u8 *wire, unsigned len, unsigned flags, unsigned long line)
{
	struct heard *heard = ctx;
	char text[NAME_TEXT_MAX];

	if (len < 2 || len > ESAFE_NAME_MAX || name_to_text(wire, len, text, sizeof(text)) < 0 || !line ||
	    flags & ~(unsigned)(LIST_EXACT | LIST_BELOW | LIST_EXCEPT))
		abort();
	for (unsigned i = 0; i < len; i++) {
		if (wire[i] >= 'A' && wire[i] <= 'Z' && wire[i] > 63)
			abort();
		heard->sum = heard->sum * 31 + wire[i];
	}
	heard->sum += flags + line;
	heard->names++;
	return 0;
}

static struct heard read_list(enum list_format format, const uint8_t *data, size_t size, size_t piece,
			      struct list_counts *counts)
{
	struct heard heard = { 0 };
	struct list_reader_options options = { .format = format, .fn = hear, .ctx = &heard };
	struct list_reader *reader = list_reader_new(&options);
	int rc = 0;

	if (!reader)
		abort();
	for (size_t at = 0; at < size && !rc; at += piece) {
		size_t n = size - at < piece ? size - at : piece;
		char *copy = malloc(n); /* so that a byte read past the piece is seen */

		memcpy(copy, data + at, n);
		rc = list_reader_feed(reader, copy, n);
		free(copy);
	}
	if (!rc)
		list_reader_end(reader);
	*counts = *list_reader_counts(reader);
	list_reader_free(reader);
	return heard;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct list_counts whole_counts, cut_counts;
	struct heard whole, cut;
	enum list_format format;
	size_t piece;

	if (size < 3)
		return 0;
	format = data[0] % LIST_FORMAT_COUNT;
	piece = data[1] + 1;
	data += 2;
	size -= 2;
	whole = read_list(format, data, size, size, &whole_counts);
	/* What kind of file it is shows in the first bytes fed: cut only what is a list. */
	if (list_sniff((const char *)data, size) < 0 || format == LIST_SNIFF || piece < 3)
		return 0;
	if (list_sniff((const char *)data, size < piece ? size : piece) < 0)
		return 0;
	cut = read_list(format, data, size, piece, &cut_counts);
	if (memcmp(&whole, &cut, sizeof(whole)) || whole_counts.lines != cut_counts.lines ||
	    memcmp(whole_counts.rejects, cut_counts.rejects, sizeof(whole_counts.rejects)))
		abort();
	return 0;
}
