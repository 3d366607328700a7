/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "lists.h"
#include "names.h"

#define K1 0x9e3779b97f4a7c15ULL
#define K2 0xbf58476d1ce4e5b9ULL

static char dir[64];
static const struct list_keys keys = { K1, K2, 42 };

static void make_dir(void)
{
	strcpy(dir, "/tmp/esafe-lists-XXXXXX");
	cr_assert(mkdtemp(dir));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static void remove_dir(void)
{
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

TestSuite(lists, .init = make_dir, .fini = remove_dir);

/* A path below the folder of the test. */
static char *path(const char *name)
{
	static char paths[4000][96]; /* enough for one test */
	static int next;
	char *p = paths[next++];

	cr_assert_leq(next, 4000);
	snprintf(p, sizeof(paths[0]), "%s/%s", dir, name);
	return p;
}

static void put_bytes(const char *name, const void *bytes, size_t len)
{
	FILE *file = fopen(path(name), "w");

	cr_assert(file);
	cr_assert_eq(fwrite(bytes, 1, len, file), len);
	cr_assert_eq(fclose(file), 0);
}

static void put(const char *name, const char *text)
{
	put_bytes(name, text, strlen(text));
}

static void put_gzip(const char *name, const char *text, size_t cut)
{
	char packed[4096];
	z_stream z = { .next_in = (Bytef *)text, .avail_in = strlen(text), .next_out = (Bytef *)packed,
		       .avail_out = sizeof(packed) };

	cr_assert_eq(deflateInit2(&z, 9, Z_DEFLATED, 31, 9, 0), Z_OK);
	cr_assert_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	put_bytes(name, packed, z.total_out - cut);
	deflateEnd(&z);
}

/* A list of n names, n0.TAIL and so on. */
static void put_names(const char *name, unsigned n, const char *tail)
{
	FILE *file = fopen(path(name), "w");

	cr_assert(file);
	for (unsigned i = 0; i < n; i++)
		fprintf(file, "n%u.%s\n", i, tail);
	cr_assert_eq(fclose(file), 0);
}

static struct list_spec spec(const char *name, unsigned category, const char *file)
{
	return (struct list_spec){ .name = (char *)name, .category = category, .file = path(file) };
}

static struct lists_result load(const struct list_spec *specs, size_t n, const struct lists_result *before)
{
	struct list_past past[8];
	struct list_history history = { 0, past };
	struct lists_options options = { .keys = &keys, .past = &history, .keep_dir = path("keep") };
	struct lists_result result = { 0 };

	for (size_t i = 0; before && i < before->n; i++)
		if (before->item[i].state == LIST_STATE_LOADED)
			past[history.n++] = lists_past(&before->item[i]);
	cr_assert_eq(lists_load(specs, n, &options, &result), 0);
	cr_assert(catbuild_valid(result.image.header, result.image.elements));
	return result;
}

static bool has(const struct lists_result *r, const char *text, unsigned category)
{
	struct esafe_name name = { 0 };
	__u64 bits[4];

	cr_assert_gt(name_from_text(text, strlen(text), name.wire), 0);
	cr_assert_eq(esafe_name_scan(&name, K1, K2), 0);
	catbuild_lookup(r->image.header, r->image.sets, r->image.buckets, &name, bits);
	return bits[category / 64] >> category % 64 & 1;
}

Test(lists, plain_gzip_and_folder)
{
	struct list_spec specs[4];
	struct lists_result r;

	put("a.txt", "a.com\nboth.com\n");
	put_gzip("b.gz", "||b.com^\n||both.com^\n@@||free.both.com^\n", 0);
	mkdir(path("ut1"), 0755);
	put("ut1/domains", "c.com\n1.2.3.4\n");
	put("ut1/urls", "google.com/x\n");
	mkdir(path("ut2"), 0755);
	put_gzip("ut2/domains.gz", "d.com\n", 0);
	specs[0] = spec("a", 1, "a.txt");
	specs[1] = spec("b", 2, "b.gz");
	specs[2] = spec("c", 3, "ut1");
	specs[3] = spec("d", 4, "ut2");
	r = load(specs, 4, NULL);
	cr_expect(has(&r, "www.a.com", 1) && has(&r, "b.com", 2) && has(&r, "c.com", 3) && has(&r, "d.com", 4));
	cr_expect(has(&r, "both.com", 1) && has(&r, "both.com", 2));
	cr_expect(has(&r, "free.both.com", 1) && !has(&r, "free.both.com", 2));
	cr_expect_not(has(&r, "google.com", 3), "urls are not names");
	cr_expect_eq(r.item[1].format, LIST_ADBLOCK);
	cr_expect_eq(r.item[1].counts.exceptions, 1);
	cr_expect_eq(r.item[2].counts.rejects[LIST_R_ADDRESS], 1);
	cr_expect_eq(r.stats.names, 6);
	cr_expect_eq(r.old + r.absent, 0);
	for (int i = 0; i < 4; i++)
		cr_expect(r.item[i].state == LIST_STATE_LOADED && !r.item[i].why[0], "%s", r.item[i].why);
	lists_result_free(&r);
}

Test(lists, facts_of_a_file)
{
	static const __u8 sha256[] = { 0x18, 0x35, 0x2c, 0x82 };
	struct timespec times[2] = { { 5, 0 }, { 1000000000, 123456789 } };
	struct list_spec s;
	struct lists_result r;

	put("a.txt", "a.com\nb.com\n");
	cr_assert_eq(utimensat(AT_FDCWD, path("a.txt"), times, 0), 0);
	s = spec("a", 1, "a.txt");
	r = load(&s, 1, NULL);
	cr_expect_eq(r.item[0].bytes, 12);
	cr_expect_eq(r.item[0].mtime_ns, 1000000000123456789LL);
	cr_expect_arr_eq(r.item[0].sha256, sha256, sizeof(sha256));
	cr_expect_eq(r.item[0].counts.lines, 2);
	lists_result_free(&r);
}

/* A second load over what the first one left, the file changed in between: refused, and the old names still there. */
static void expect_refused(struct list_spec *s, const struct lists_result *first, const char *why)
{
	struct lists_result r = load(s, 1, first);

	cr_expect_eq(r.item[0].state, LIST_STATE_OLD, "%s: %s", list_state_name(r.item[0].state), why);
	cr_expect(strstr(r.item[0].why, why), "\"%s\" does not say \"%s\"", r.item[0].why, why);
	cr_expect_eq(r.old, 1);
	cr_expect_eq(r.item[0].counts.names, first->item[0].counts.names);
	cr_expect_arr_eq(r.item[0].sha256, first->item[0].sha256, 32);
	cr_expect_eq(r.item[0].mtime_ns, first->item[0].mtime_ns, "its age is that of the copy");
	cr_expect(has(&r, "n7.a.com", 1));
	cr_expect_not(has(&r, "n0.b.com", 1), "nothing of what was refused");
	lists_result_free(&r);
}

Test(lists, refused_and_the_old_one_kept)
{
	struct list_spec s = spec("a list/../x", 1, "a.txt");
	struct lists_result first, r;

	put_names("a.txt", 100, "a.com");
	first = load(&s, 1, NULL);
	cr_assert_eq(first.item[0].state, LIST_STATE_LOADED, "%s", first.item[0].why);

	unlink(path("a.txt"));
	expect_refused(&s, &first, "No such file");
	put("a.txt", "");
	expect_refused(&s, &first, "no names any more");
	put("a.txt", "<html>\nn0.b.com\n");
	expect_refused(&s, &first, "web page");
	put("a.txt", "not found\n");
	expect_refused(&s, &first, "none of its lines");
	put_names("a.txt", 49, "b.com");
	expect_refused(&s, &first, "shrank to 49");
	put("a.txt", "\x1f\x8b\x08xxxxxxxxxxxxxxxxx");
	expect_refused(&s, &first, "gzip");
	put_gzip("a.txt", "n0.b.com\nn1.b.com\n", 1);
	expect_refused(&s, &first, "cut off");
	unlink(path("a.txt"));
	mkdir(path("a.txt"), 0755);
	expect_refused(&s, &first, "No such file");
	rmdir(path("a.txt"));
	mkfifo(path("a.txt"), 0644);
	expect_refused(&s, &first, "neither a file");
	unlink(path("a.txt"));

	put_names("a.txt", 50, "b.com");
	r = load(&s, 1, &first);
	cr_expect_eq(r.item[0].state, LIST_STATE_LOADED, "half of it is still a list: %s", r.item[0].why);
	cr_expect(has(&r, "n0.b.com", 1) && !has(&r, "n7.a.com", 1));
	lists_result_free(&r);
	lists_result_free(&first);
}

Test(lists, no_longer_the_same_kind)
{
	struct list_spec s = spec("a", 1, "a.txt");
	struct lists_result first;
	FILE *file;

	put_names("a.txt", 100, "a.com");
	first = load(&s, 1, NULL);
	file = fopen(path("a.txt"), "w");
	for (int i = 0; i < 200; i++)
		fprintf(file, "0.0.0.0 n%d.b.com\n", i);
	fclose(file);
	expect_refused(&s, &first, "format hosts now");
	file = fopen(path("a.txt"), "w");
	for (int i = 0; i < 70; i++)
		fprintf(file, "n%d.b.com\nsome other words\nand more\n", i);
	fclose(file);
	expect_refused(&s, &first, "most of it");
	lists_result_free(&first);
}

Test(lists, somebody_looked)
{
	struct list_spec s = spec("a", 1, "a.txt");
	struct list_past past = { "a", LIST_HOSTS, 1000, 1000, 0, { 0 } };
	struct list_history history = { 1, &past };
	struct lists_options options = { .keys = &keys, .past = &history, .accept_shrunk = true };
	struct lists_result r;

	put("a.txt", "a.com\n");
	cr_assert_eq(lists_load(&s, 1, &options, &r), 0);
	cr_expect_eq(r.item[0].state, LIST_STATE_LOADED);
	lists_result_free(&r);
	options.accept_shrunk = false;
	cr_assert_eq(lists_load(&s, 1, &options, &r), 0);
	cr_expect_eq(r.item[0].state, LIST_STATE_ABSENT);
	cr_expect_eq(r.absent, 1);
	cr_expect_not(has(&r, "a.com", 1));
	cr_expect(strstr(r.item[0].why, "shrank"), "%s", r.item[0].why);
	lists_result_free(&r);
}

Test(lists, an_empty_list_is_no_error_the_first_time)
{
	struct list_spec s = spec("a", 1, "a.txt");
	struct lists_result r;

	put("a.txt", "# nothing yet\n");
	r = load(&s, 1, NULL);
	cr_expect_eq(r.item[0].state, LIST_STATE_LOADED);
	lists_result_free(&r);
}

Test(lists, copies_are_private_and_only_made_anew_for_a_new_file)
{
	struct list_spec s = spec("a", 1, "a.txt");
	struct lists_result r;
	struct stat before, after;

	put("a.txt", "a.com\n");
	r = load(&s, 1, NULL);
	lists_result_free(&r);
	cr_assert_eq(stat(path("keep/a.list"), &before), 0);
	cr_expect_eq(before.st_mode & 0777, 0600);
	cr_expect_eq(before.st_size, 6);
	r = load(&s, 1, NULL);
	lists_result_free(&r);
	cr_assert_eq(stat(path("keep/a.list"), &after), 0);
	cr_expect_eq(before.st_ino, after.st_ino);
	put("a.txt", "a.com\nb.com\n");
	r = load(&s, 1, NULL);
	lists_result_free(&r);
	cr_assert_eq(stat(path("keep/a.list"), &after), 0);
	cr_expect_eq(after.st_size, 12);
	cr_expect_eq(access(path("keep/a.part"), F_OK), -1);
	cr_assert_eq(stat(path("keep"), &after), 0);
	cr_expect_eq(after.st_mode & 0777, 0700);
}

Test(lists, no_copy_is_said_but_the_list_is_used)
{
	struct list_spec s = spec("a", 1, "a.txt");
	struct lists_result r;

	put("a.txt", "a.com\n");
	put("keep", "in the way");
	r = load(&s, 1, NULL);
	cr_expect_eq(r.item[0].state, LIST_STATE_LOADED);
	cr_expect(strstr(r.item[0].why, "no copy"), "%s", r.item[0].why);
	cr_expect(has(&r, "a.com", 1));
	lists_result_free(&r);
}

Test(lists, locked_lists)
{
	struct list_spec specs[2] = { spec("floor", 200, "floor.txt"), spec("other", 200, "other.txt") };
	struct lists_result r;

	specs[0].floor = true;
	put("floor.txt", "bad.com\nhttp://worse.com/page\n");
	put("other.txt", "||x.com^\n@@||bad.com^\n");
	r = load(specs, 2, NULL);
	cr_expect(has(&r, "www.bad.com", 200), "no list makes an exception from a locked one");
	cr_expect_eq(r.item[0].counts.rejects[LIST_R_URL], 1);
	cr_expect_eq(r.item[0].counts.n_samples, 0);
	cr_expect_eq(r.item[1].counts.rejects[LIST_R_EXCEPTION], 1);
	lists_result_free(&r);
}

struct hits {
	char text[1024];
	int stop;
};

static int note(void *ctx, const struct list_hit *hit, int err)
{
	struct hits *hits = ctx;
	size_t at = strlen(hits->text);

	if (err)
		snprintf(hits->text + at, sizeof(hits->text) - at, "%s:%s ", hit->spec->name, strerror(-err));
	else
		snprintf(hits->text + at, sizeof(hits->text) - at, "%s:%lu:%u%s ", hit->spec->name, hit->line,
			 hit->name_len, hit->flags & LIST_EXCEPT ? "!" : "");
	return hits->stop;
}

static const char *find(const struct list_spec *specs, size_t n, const char *keep, const char *text, struct hits *hits)
{
	__u8 wire[ESAFE_NAME_MAX];
	int len = name_from_text(text, strlen(text), wire);

	hits->text[0] = '\0';
	cr_assert_eq(lists_find(specs, n, keep, wire, len, note, hits), hits->stop);
	return hits->text;
}

Test(lists, find)
{
	struct list_spec specs[4] = { spec("a", 1, "a.txt"), spec("gone", 1, "gone.txt"), spec("b", 2, "b.gz"),
				      spec("floor", 3, "f.txt") };
	struct hits hits = { .stop = 0 };
	__u8 wire[ESAFE_NAME_MAX];

	specs[3].floor = true;
	put("a.txt", "# x\nexample.com\nother.com\nwww.example.com\nple.com\n");
	put_gzip("b.gz", "example.com CNAME .\n*.example.com CNAME .\nwww.example.com CNAME rpz-passthru.\n", 0);
	put("f.txt", "example.com\nwww.example.com\nexample.com\n");
	cr_expect_str_eq(find(specs, 4, NULL, "www.example.com", &hits),
			 "a:2:13 a:4:17 gone:No such file or directory b:2:13 b:3:17! floor:0:0 ", "%s", hits.text);
	cr_expect_str_eq(find(specs, 1, NULL, "Example.COM", &hits), "a:2:13 ");
	cr_expect_str_eq(find(specs + 2, 1, NULL, "example.com", &hits), "b:1:13 ");
	cr_expect_str_eq(find(specs, 1, NULL, "xexample.org", &hits), "");
	cr_expect_str_eq(find(specs, 1, NULL, "ex\\003ple.com", &hits), "", "a byte that looks like a length");
	hits.stop = 1;
	cr_expect_str_eq(find(specs, 4, NULL, "www.example.com", &hits), "a:2:13 ");
	cr_expect_eq(lists_find(specs, 1, NULL, wire, 0, note, &hits), -EINVAL);
}

Test(lists, find_looks_into_the_copy_in_use)
{
	struct list_spec s = spec("a", 1, "a.txt");
	struct hits hits = { .stop = 0 };
	struct lists_result r;

	put("a.txt", "old.com\n");
	r = load(&s, 1, NULL);
	put("a.txt", "new.com\n");
	cr_expect_str_eq(find(&s, 1, path("keep"), "old.com", &hits), "a:1:9 ");
	cr_expect_str_eq(find(&s, 1, path("keep"), "new.com", &hits), "");
	lists_result_free(&r);
}

Test(lists, many_files_and_gzip_members)
{
	struct list_spec specs[300];
	static char names[300][16];
	char text[128];
	struct lists_result r;
	FILE *file, *two;

	for (int i = 0; i < 300; i++) {
		snprintf(names[i], sizeof(names[i]), "l%d", i);
		snprintf(text, sizeof(text), "n%d.com\nall.com\n", i);
		put(names[i], text);
		specs[i] = spec(names[i], i % 256, names[i]);
	}
	put_gzip("one.gz", "first.com\n", 0);
	put_gzip("two.gz", "second.com\n", 0);
	file = fopen(path("one.gz"), "a");
	two = fopen(path("two.gz"), "r");
	for (int c; (c = fgetc(two)) != EOF;)
		fputc(c, file);
	fclose(file);
	fclose(two);
	specs[7].file = path("one.gz");
	r = load(specs, 300, NULL);
	cr_expect_eq(r.absent, 0);
	cr_expect(has(&r, "first.com", 7) && has(&r, "second.com", 7));
	for (int i = 0; i < 256; i++)
		cr_expect(has(&r, "all.com", i), "%d", i);
	cr_expect(has(&r, "n299.com", 299 % 256));
	lists_result_free(&r);
}

Test(lists, an_unusable_spec_leaves_the_result)
{
	struct list_spec s = spec("a", ESAFE_CATEGORIES, "a.txt");
	struct lists_options options = { .keys = &keys };
	struct lists_result r = { .n = 77 };

	cr_expect_eq(lists_load(&s, 1, &options, &r), -EINVAL);
	cr_expect_eq(r.n, 77);
}
