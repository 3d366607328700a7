// SPDX-License-Identifier: GPL-2.0-or-later
/* Connections that are open when their device is quarantined, suspended, over its quota, or in a lesson. */
#include <criterion/criterion.h>
#include "conn.h"
#include "initial.h"
#include "scoped.h"

static const char policy[] =
	"categories: { games: Games }\n"
	"groups:\n"
	"  pupils: { default: allow, quic: inspect, categories: { games: block } }\n"
	"  staff: { default: allow, quic: allow }\n"
	"unknown: pupils\n"
	"protected: { help: [childline.org.uk] }\n";

static const struct lab_name names[] = { { "games.example", "games", 0 }, { NULL, NULL, 0 } };

#define FINE "www.fine.example"
#define HELP "www.childline.org.uk"
#define VOLCANO "volcano.example"

static struct esafe_device device;
static __u64 later;

static void setup(void)
{
	struct esafe_device other;

	conn_open(policy, names, "pupils");
	device = scoped_device(lab, "pupils", 1);
	scoped_put_device(lab, 1, &device);
	other = scoped_device(lab, "staff", 2);
	scoped_put_device(lab, 2, &other);
	later = lab_now(CLOCK_TAI) + 3600000000000ULL;
}

TestSuite(cut, .init = setup, .fini = conn_close);

struct opened {
	struct lab_packet p;
	__u32 len;
	size_t events; /* of the hello */
};

static const char behind[] = "\x14\3\3\0\1\1\x17"; /* a change of ciphers, and the start of data */

/* The hello is judged, and data follows; the server has not said that it has it. */
static struct opened half_open(__u8 host, const char *name)
{
	struct opened o = { .p = conn(443) };
	__u8 hello[1024];

	o.p.host = host;
	o.len = lab_hello(hello, name, 20, 20);
	shake(o.p);
	cr_assert_eq(segment(o.p, 0, hello, o.len), TC_ACT_UNSPEC);
	o.events = lab->events;
	segment(o.p, o.len, behind, sizeof(behind) - 1);
	o.len += sizeof(behind) - 1;
	lab->events = o.events;
	return o;
}

static void acknowledge(const struct opened *o)
{
	server(o->p, 0x10, SERVER_ISN + 1, START + o->len);
}

static struct opened open_to(__u8 host, const char *name)
{
	struct opened o = half_open(host, name);

	acknowledge(&o);
	return o;
}

/* Does the next segment, or with `len` 0 an acknowledgement, end the connection? Then it stays so. */
static int is_cut(const struct opened *o, unsigned reason, __u32 len)
{
	__u64 before = lab_count(lab, reason), after;
	int action = segment_flags(o->p, 0x10, START + o->len, "data of a stream", len);

	after = lab_count(lab, reason);
	cr_expect_eq(action, TC_ACT_UNSPEC, "action %d", action); /* as a reset, where it is cut */
	cr_expect_eq(conn_is_blocked(o->p, o->len), after > before);
	cr_expect_eq(lab_count(lab, reason), after, "counted once");
	return after > before;
}

static void cut(__u8 flags, __u64 until)
{
	device.flags = flags;
	device.suspended_until_ns = until;
	scoped_put_device(lab, 1, &device);
}

static void lesson(__u32 id, __u64 until)
{
	scoped_act(lab, scoped_key(&device, ESAFE_SCOPE_CLASS), LESSON_ONLY, VOLCANO, until, id);
}

struct way {
	__u8 flags;       /* 0: a lesson */
	const char *open; /* what may still be reached */
	unsigned reason;
};

static const struct way ways[] = {
	{ ESAFE_DEVICE_SUSPENDED, HELP, ESAFE_R_SUSPENDED },
	{ ESAFE_DEVICE_OVER_QUOTA, HELP, ESAFE_R_QUOTA },
	{ 0, VOLCANO, ESAFE_R_LESSON_ONLY },
	{ 0, HELP, ESAFE_R_LESSON_ONLY },
};

static void begin_way(const struct way *w, __u32 id)
{
	if (w->flags)
		cut(w->flags, later);
	else
		lesson(id, later);
}

static void end_way(const struct way *w)
{
	cut(0, 0);
	scoped_forget(lab);
}

Test(cut, what_was_open_before_ends)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		const struct way *w = &ways[i];
		struct opened busy = open_to(1, FINE), loading = open_to(1, FINE), other = open_to(2, FINE), since, both;

		cr_expect(!is_cut(&busy, w->reason, 16) && !is_cut(&loading, w->reason, 0));
		begin_way(w, 10 + i);
		cr_expect(is_cut(&busy, w->reason, 16), "row %zu", i);
		cr_expect(is_cut(&loading, w->reason, 0), "row %zu: an acknowledgement keeps a download going", i);
		cr_expect(!is_cut(&other, w->reason, 16), "row %zu: somebody else's", i);
		since = open_to(1, w->open);
		cr_expect(!is_cut(&since, w->reason, 16), "row %zu: opened since then", i);
		half_open(1, FINE);
		cr_expect(lab->events == 1 && lab->event[0].event.reason == w->reason, "row %zu", i);
		end_way(w);
		cr_expect(!is_cut(&since, w->reason, 16), "row %zu: over", i);
		both = open_to(1, FINE);
		cr_expect(!is_cut(&both, w->reason, 16), "row %zu: over", i);
		begin_way(w, 20 + i);
		cr_expect(is_cut(&since, w->reason, 16), "row %zu: once more", i);
		cr_expect(is_cut(&both, w->reason, 0), "row %zu: once more", i);
		end_way(w);
	}
}

/* Judged before, taken by the server after. */
Test(cut, a_handshake_that_is_overtaken)
{
	struct opened before = half_open(1, FINE), since;

	cut(ESAFE_DEVICE_SUSPENDED, 0);
	acknowledge(&before);
	cr_expect(is_cut(&before, ESAFE_R_SUSPENDED, 16));
	cut(0, 0);
	before = half_open(1, FINE);
	cut(ESAFE_DEVICE_SUSPENDED, 0);
	cr_expect(is_cut(&before, ESAFE_R_SUSPENDED, 0), "before the server says so");
	since = half_open(1, HELP);
	cr_expect_eq(segment_flags(since.p, 0x10, START + since.len, NULL, 0), TC_ACT_UNSPEC);
	acknowledge(&since);
	cr_expect(!is_cut(&since, ESAFE_R_SUSPENDED, 16));
}

Test(cut, one_lesson_after_another)
{
	struct opened first;

	lesson(31, later);
	first = open_to(1, VOLCANO);
	cr_expect(!is_cut(&first, ESAFE_R_LESSON_ONLY, 16));
	lesson(31, later + 1000);
	cr_expect(!is_cut(&first, ESAFE_R_LESSON_ONLY, 16), "prolonged");
	scoped_forget(lab);
	scoped_act(lab, scoped_key(&device, ESAFE_SCOPE_CLASS), LESSON_ONLY, "river.example", later, 32);
	cr_expect(is_cut(&first, ESAFE_R_LESSON_ONLY, 16));
}

/* Nothing is cut once the deadline is over, though the daemon has not lifted it. */
Test(cut, deadlines)
{
	__u64 past = lab_now(CLOCK_TAI) - 1;
	struct opened o = open_to(1, FINE);

	cut(ESAFE_DEVICE_SUSPENDED, past);
	lesson(41, past);
	cr_expect(!is_cut(&o, ESAFE_R_SUSPENDED, 16));
	cut(ESAFE_DEVICE_SUSPENDED, 0);
	cr_expect(is_cut(&o, ESAFE_R_SUSPENDED, 16));
}

/* Plain HTTP: a connection that is watched for its life. */
Test(cut, http)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: " FINE "\r\n\r\n";
	static const char help[] = "GET / HTTP/1.1\r\nHost: " HELP "\r\n\r\n";
	struct opened o = { .p = conn(80), .len = sizeof(request) - 1 };

	shake(o.p);
	cr_assert_eq(segment(o.p, 0, request, o.len), TC_ACT_UNSPEC);
	acknowledge(&o);
	cr_expect_eq(segment_flags(o.p, 0x10, START + o.len, NULL, 0), TC_ACT_UNSPEC);
	cut(ESAFE_DEVICE_SUSPENDED, 0);
	cr_expect(is_cut(&o, ESAFE_R_SUSPENDED, 0), "while it loads");
	o = (struct opened){ .p = conn(80), .len = sizeof(help) - 1 };
	shake(o.p);
	cr_assert_eq(segment(o.p, 0, help, o.len), TC_ACT_UNSPEC);
	acknowledge(&o);
	cr_expect_eq(segment_flags(o.p, 0x10, START + o.len, NULL, 0), TC_ACT_UNSPEC);
	cr_expect_eq(segment(o.p, o.len, help, o.len), TC_ACT_UNSPEC);
	cr_expect_eq(lab->events, 1, "judged, and let through");
	cr_expect_eq(lab->event[0].event.reason, ESAFE_R_HELP);
}

static int initial(struct lab_packet p, const char *name, __u8 id)
{
	__u8 hello[1024], bytes[2048], plain[1162] = { 0 }, cid[8] = { id, 1, 2, 3, 4, 5, 6, 7 };
	__u32 len = lab_hello(hello, name, 20, 20) - 5;
	struct initial i = { .version = 1, .keys = cid, .keys_len = 8, .dcid = cid, .dcid_len = 8, .scid = cid,
			     .scid_len = 8, .number_len = 2, .frames = plain, .frames_len = sizeof(plain) };

	initial_crypto(plain, hello + 5, 0, len);
	p.payload = bytes;
	p.len = initial_make(&i, bytes);
	return lab_in(lab, &p, NULL);
}

/* The one event that a name makes in this protocol. */
static const struct esafe_event *judged_by(__u8 proto, const char *name)
{
	static char request[256];
	static __u8 id;
	struct lab_packet p = conn(proto == ESAFE_P_HTTP ? 80 : proto == ESAFE_P_DNS ? 53 : 443);

	if (proto == ESAFE_P_QUIC) {
		initial(p, name, ++id);
	} else if (proto == ESAFE_P_DNS) {
		p.payload = request;
		p.len = lab_question((__u8 *)request, name, 1, 0);
		lab_in(lab, &p, NULL);
	} else if (proto == ESAFE_P_HTTP) {
		shake(p);
		segment(p, 0, request, snprintf(request, sizeof(request), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", name));
	} else {
		half_open(1, name);
	}
	cr_assert_eq(lab->events, 1, "%s by %d: %zu events", name, proto, lab->events);
	return &lab->event[0].event;
}

/* The scopes are asked whatever the name was read from, and of connections that say none. */
Test(cut, every_protocol)
{
	static const __u8 protos[] = { ESAFE_P_DNS, ESAFE_P_TLS, ESAFE_P_HTTP, ESAFE_P_QUIC };
	static const struct { enum scoped_act act; const char *what, *name; int reason; __u32 rule; } rows[] = {
		{ GRANT, "games.example", "a.games.example", ESAFE_R_GRANT, 1 },
		{ GRANT_CATEGORY, "games", "a.games.example", ESAFE_R_GRANT, 2 },
		{ DENY, FINE, FINE, ESAFE_R_DENY, 3 },
		{ LESSON_LIST, "games.example", "a.games.example", ESAFE_R_LESSON, 4 },
		{ LESSON_ONLY, VOLCANO, FINE, ESAFE_R_LESSON_ONLY, 5 },
		{ LESSON_ONLY, VOLCANO, VOLCANO, ESAFE_R_LESSON, 6 },
		{ LESSON_ONLY, VOLCANO, HELP, ESAFE_R_HELP, 0 },
	};
	const struct esafe_event *e;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		scoped_act(lab, scoped_key(&device, ESAFE_SCOPE_ROOM), rows[i].act, rows[i].what, later, i + 1);
		for (size_t j = 0; j < sizeof(protos); j++) {
			e = judged_by(protos[j], rows[i].name);
			cr_expect(e->reason == rows[i].reason && e->rule == rows[i].rule,
				  "row %zu by %d: reason %d, rule %u", i, protos[j], e->reason, e->rule);
		}
		e = judged_by(ESAFE_P_TLS, "");
		cr_expect_eq(e->reason, rows[i].act == LESSON_ONLY ? ESAFE_R_LESSON_ONLY : ESAFE_R_UNNAMED, "row %zu", i);
		scoped_forget(lab);
	}
	cut(ESAFE_DEVICE_SUSPENDED, 0);
	cr_expect_eq(judged_by(ESAFE_P_TLS, "")->reason, ESAFE_R_SUSPENDED);
	cut(ESAFE_DEVICE_OVER_QUOTA, 0);
	cr_expect_eq(judged_by(ESAFE_P_TLS, "")->reason, ESAFE_R_QUOTA);
}

static int quic_data(struct lab_packet p)
{
	p.payload = "\x55 data of an established connection";
	p.len = 36;
	return lab_in(lab, &p, NULL);
}

static int quic_data_down(struct lab_packet p)
{
	p.from_server = 1;
	p.payload = "\x55 data of an established connection";
	p.len = 36;
	return lab_out(lab, &p);
}

Test(cut, quic)
{
	struct lab_packet p = { .sport = ++port, .dport = 443 }, unread = { .sport = ++port, .dport = 443 };
	int staff = idtable_get(&lab->groups, "staff"), pupils = idtable_get(&lab->groups, "pupils");

	cr_assert_eq(initial(p, FINE, 1), TC_ACT_UNSPEC);
	device.group = staff;
	cut(0, 0);
	cr_assert_eq(initial(unread, FINE, 2), TC_ACT_UNSPEC);
	cr_expect_eq(quic_data(p), TC_ACT_UNSPEC);
	cr_expect_eq(quic_data(unread), TC_ACT_UNSPEC);
	cut(ESAFE_DEVICE_SUSPENDED, 0);
	cr_expect_eq(quic_data(unread), TC_ACT_REDIRECT);
	cr_expect_eq(quic_data_down(unread), TC_ACT_SHOT);
	device.group = pupils;
	cut(ESAFE_DEVICE_SUSPENDED, 0);
	cr_expect_eq(quic_data(p), TC_ACT_REDIRECT);
	cr_expect_eq(quic_data_down(p), TC_ACT_SHOT);
	cr_expect_eq(initial(p, FINE, 1), TC_ACT_REDIRECT, "repeated");
	cr_expect_eq(initial(p, HELP, 3), TC_ACT_UNSPEC, "the same ports, another connection");
	cr_expect_eq(quic_data(p), TC_ACT_UNSPEC);
	cr_expect_eq(quic_data_down(p), TC_ACT_UNSPEC);
}

/* QUIC on another port, and a flow of datagrams that says no name. */
Test(cut, datagrams)
{
	struct lab_packet quic = { .sport = ++port, .dport = 8443 }, plain = { .sport = ++port, .dport = 9999 };

	plain.payload = "some data";
	plain.len = 9;
	cr_assert_eq(initial(quic, FINE, 1), TC_ACT_UNSPEC);
	for (int i = 0; i < 2; i++) {
		int fate = i ? TC_ACT_REDIRECT : TC_ACT_UNSPEC;

		cr_expect_eq(quic_data(quic), fate);
		cr_expect_eq(lab_in(lab, &plain, NULL), fate);
		cr_expect_eq(lab_in(lab, &plain, NULL), fate);
		cut(ESAFE_DEVICE_SUSPENDED, 0);
	}
	cr_expect_eq(initial(quic, HELP, 2), TC_ACT_UNSPEC);
	cr_expect_eq(quic_data(quic), TC_ACT_UNSPEC);
}

/* A frame of another kind, from or to the device. */
static int other(int down, __u16 type, __u8 protocol)
{
	static struct frame f;
	static const __u8 bare[20] = { 0x45, 0, 0, 20, 0, 0, 0, 0, 64, 0, 0, 0, 10, 0, 0, 1, 203, 0, 113, 80 };

	memset(f.bytes, 0, 64);
	memcpy(f.bytes, (__u8[]){ 2, 0, 0, 0, 0, down ? 1 : 254, 2, 0, 0, 0, 0, down ? 254 : 1 }, 12);
	lab_put16(f.bytes + 12, type);
	if (type == 0x0800)
		memcpy(f.bytes + 14, bare, sizeof(bare));
	f.bytes[14 + 9] = protocol;
	f.len = 64;
	return lab_run(lab, down ? lab->skel->progs.esafe_egress : lab->skel->progs.esafe_ingress, &f, NULL);
}

static int udp(int down, __u16 dport)
{
	struct lab_packet p = { .sport = 5000, .dport = dport, .from_server = down, .payload = "some data", .len = 9 };

	return down ? lab_out(lab, &p) : lab_in(lab, &p, NULL);
}

Test(cut, quarantine_stops_everything)
{
	struct opened o = open_to(1, HELP);

	for (int i = 0; i < 2; i++) {
		int fate = i ? TC_ACT_SHOT : TC_ACT_UNSPEC;

		cr_expect_eq(segment(o.p, o.len, "x", 1), fate);
		cr_expect_eq(segment_flags(o.p, 0x10, START + o.len, NULL, 0), fate);
		cr_expect_eq(server(o.p, 0x10, SERVER_ISN + 1, START + o.len), fate);
		for (int down = 0; down < 2; down++) {
			cr_expect_eq(other(down, 0x0800, IPPROTO_ICMP), fate);
			cr_expect(!i || other(down, 0x0800, IPPROTO_GRE) == TC_ACT_SHOT);
			cr_expect_eq(other(down, 0x86dd, IPPROTO_ICMPV6), TC_ACT_SHOT - 3 * (down && !i), "malformed");
			cr_expect_eq(other(down, 0x8137, 0), fate, "not IP");
			cr_expect_eq(other(down, 0x0806, 0), TC_ACT_UNSPEC, "ARP");
			cr_expect_eq(udp(down, 123), fate);
			cr_expect_eq(udp(down, 67), fate);
		}
		cr_expect_eq(segment(open_to(2, FINE).p, 1000, "x", 1), TC_ACT_UNSPEC);
		cut(ESAFE_DEVICE_QUARANTINED, 0);
	}
	cr_expect_gt(lab_count(lab, ESAFE_R_QUARANTINE), 10);
	cut(0, 0);
	o = open_to(1, FINE);
	cr_expect_eq(segment(o.p, o.len, "x", 1), TC_ACT_UNSPEC);
}
