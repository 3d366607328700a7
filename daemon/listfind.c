/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which lists hold a name: their files are read again, names are kept nowhere. */
#include <errno.h>
#include <string.h>

#include "esafe/hash.h"
#include "listfile.h"
#include "listkeep.h"
#include "lists.h"

struct search {
	const struct list_spec *spec;
	const __u8 *wire;
	size_t len;
	bool starts[ESAFE_NAME_MAX]; /* a label of the name starts at this offset */
	lists_hit_fn *fn;
	void *ctx;
	int stop; /* what fn returned */
	bool told; /* of a locked list: once is enough */
};

static int compare_name(void *ctx, const __u8 *wire, unsigned len, unsigned flags, unsigned long line)
{
	struct search *s = ctx;
	struct list_hit hit = { .spec = s->spec, .flags = flags };

	if (len > s->len || !s->starts[s->len - len] || memcmp(s->wire + s->len - len, wire, len) ||
	    (len == s->len && (flags & LIST_BELOW)) || (len < s->len && (flags & LIST_EXACT)))
		return 0;
	if (!s->spec->floor) {
		hit.line = line;
		hit.name_len = len;
	} else if (s->told) {
		return 0;
	}
	s->told = true;
	s->stop = s->fn(s->ctx, &hit, 0);
	return s->stop;
}

static int feed_reader(void *ctx, const char *bytes, size_t len)
{
	return list_reader_feed(ctx, bytes, len);
}

/* The copy in use, or the file if there is none. */
static int open_list(const struct list_spec *spec, const char *keep_dir, struct listfile *file)
{
	char path[LISTKEEP_PATH];

	if (keep_dir && !listkeep_path(keep_dir, spec->name, path) && !listfile_open(path, file))
		return 0;
	return listfile_open(spec->file, file);
}

static int search_list(struct search *s, const char *keep_dir)
{
	struct list_reader_options options = { .format = s->spec->format, .secret = true,
					       .no_exceptions = s->spec->floor, .fn = compare_name, .ctx = s };
	struct list_reader *reader = list_reader_new(&options);
	struct listfile_read did;
	struct listfile file;
	int rc;

	if (!reader)
		return -ENOMEM;
	rc = open_list(s->spec, keep_dir, &file);
	if (!rc) {
		rc = listfile_read(&file, -1, feed_reader, reader, &did);
		if (!rc)
			rc = list_reader_end(reader);
		listfile_close(&file);
	}
	list_reader_free(reader);
	return rc;
}

int lists_find(const struct list_spec *specs, size_t n, const char *keep_dir, const __u8 *wire, size_t len,
	       lists_hit_fn *fn, void *ctx)
{
	struct search s = { .fn = fn, .ctx = ctx };
	struct esafe_name name;

	if (!len || len > ESAFE_NAME_MAX)
		return -EINVAL;
	memcpy(name.wire, wire, len);
	memset(name.wire + len, 0, sizeof(name.wire) - len);
	if (esafe_name_scan(&name, 1, 1) || name.len != len)
		return -EINVAL;
	esafe_lower_wire(name.wire, name.wire);
	s.wire = name.wire;
	s.len = len;
	for (size_t at = 0; name.wire[at]; at += name.wire[at] + 1)
		s.starts[at] = true;
	for (size_t i = 0; i < n && !s.stop; i++) {
		int rc;

		s.spec = &specs[i];
		s.told = false;
		rc = search_list(&s, keep_dir);
		if (rc && !s.stop)
			s.stop = fn(ctx, &(struct list_hit){ .spec = s.spec }, rc);
	}
	return s.stop;
}
