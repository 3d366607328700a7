// SPDX-License-Identifier: GPL-2.0-or-later
/* "ech" taken out of answers, on blocks of their size and eight bytes. */
#include <criterion/criterion.h>

#include "parse.h"
#include "svcb.h"

#define QUESTION "\x12\x34\x81\x80\0\1\0\0\0\0\0\0\3www\7example\0\0\x41\0\1"
#define END (sizeof(QUESTION) - 1)
#define HEAD "\0\1\0"
#define ALPN "\0\1\0\3\2h2"
#define ECH "\0\5\0\7\0\5\xfe\x0d\1\1\1"
#define HINT6 "\0\6\0\20\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"

struct text {
	__u8 b[1024];
	__u32 len;
};

static void add(struct text *t, const void *rdata, size_t n)
{
	__u8 head[12] = { 0xc0, 12, 0, 65, 0, 1, 0, 0, 0, 60, n >> 8, n };

	if (!t->len) {
		memcpy(t->b, QUESTION, END);
		t->len = END;
	}
	memcpy(t->b + t->len, head, 12);
	memcpy(t->b + t->len + 12, rdata, n);
	t->len += 12 + n;
	t->b[7]++;
}

#define ADD(t, data) add(t, data, sizeof(data) - 1)

static int cut_all(const struct text *t, __u32 len, struct text *to)
{
	struct dns_records r = { .len = len };
	struct svcb_cut cut;
	__u8 *b = malloc(len + 8);
	int rc;

	memcpy(b, t->b, len);
	memset(b + len, 0xcc, 8);
	rc = dns_records_open((struct dns_message *)b, &r);
	if (!rc)
		rc = svcb_cut_all((struct dns_message *)b, &r, &cut);
	if (rc > 0) {
		cr_assert(r.len <= len && r.at <= r.len);
		memcpy(to->b, b, r.len);
		to->len = r.len;
	}
	free(b);
	return rc;
}

Test(svcb, cut_out_wherever_it_stands)
{
	struct text in = { .len = 0 }, want = { .len = 0 }, got;

	ADD(&in, HEAD ECH);
	ADD(&in, HEAD ALPN ECH HINT6);
	ADD(&in, HEAD ALPN);
	ADD(&in, "\0\1\3svc\7example\0" ALPN ECH);
	ADD(&want, HEAD);
	ADD(&want, HEAD ALPN HINT6);
	ADD(&want, HEAD ALPN);
	ADD(&want, "\0\1\3svc\7example\0" ALPN);
	cr_assert_eq(cut_all(&in, in.len, &got), 1);
	cr_assert(got.len == want.len && !memcmp(got.b, want.b, want.len));
	cr_assert_eq(cut_all(&want, want.len, &got), 0);
	for (__u32 len = END; len < in.len; len++)
		cr_assert_eq(cut_all(&in, len, &got), -1, "%u bytes", len);
}

Test(svcb, malformed)
{
	static const struct { const char *rdata; size_t len; const char *what; } rows[] = {
#define ROW(rdata, what) { rdata, sizeof(rdata) - 1, what }
		ROW("", "empty"), ROW("\0\1", "no target"), ROW("\0\1\3ab", "target cut short"),
		ROW(HEAD "\0", "half a key"), ROW(HEAD "\0\5\0", "half a length"), ROW(HEAD "\0\5\0\2\1", "half a value"),
		ROW(HEAD ECH ECH, "twice"), ROW(HEAD ECH ALPN, "out of order"), ROW(HEAD ALPN ALPN, "another twice"),
		ROW(HEAD ECH "\0\6\0\x10", "the next one cut short"),
#undef ROW
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct text in = { .len = 0 }, got;

		add(&in, rows[i].rdata, rows[i].len);
		cr_expect_eq(cut_all(&in, in.len, &got), -1, "%s", rows[i].what);
	}
}

Test(svcb, values_of_every_length)
{
	for (__u32 n = 0; n < 700; n++) {
		struct text in = { .len = 0 }, want = { .len = 0 }, got;
		__u8 rdata[1024] = HEAD "\0\5";

		rdata[5] = n >> 8;
		rdata[6] = n;
		for (__u32 i = 0; i < n; i++)
			rdata[7 + i] = dice();
		memcpy(rdata + 7 + n, HINT6, sizeof(HINT6) - 1);
		add(&in, rdata, 7 + n + sizeof(HINT6) - 1);
		ADD(&in, HEAD ALPN);
		ADD(&want, HEAD HINT6);
		ADD(&want, HEAD ALPN);
		cr_assert_eq(cut_all(&in, in.len, &got), 1, "%u", n);
		cr_assert(got.len == want.len && !memcmp(got.b, want.b, want.len), "%u", n);
	}
}

/* Noise never reads or writes out of bounds, and what is kept can be read again and holds none. */
Test(svcb, noise)
{
	int kept = 0;

	for (int turn = 0; turn < 100000; turn++) {
		struct text in = { .len = 0 }, got, again;

		ADD(&in, HEAD ALPN ECH HINT6);
		ADD(&in, HEAD ECH);
		for (int i = dice() % 4; i; i--)
			in.b[END + dice() % (in.len - END)] = dice() % 3 ? dice() % 8 : dice();
		if (cut_all(&in, in.len, &got) > 0) {
			cr_assert_eq(cut_all(&got, got.len, &again), 0, "turn %d", turn);
			kept++;
		}
	}
	cr_assert_gt(kept, 10000);
}
