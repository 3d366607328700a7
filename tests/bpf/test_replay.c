/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A capture made here, sent through the loaded programs: what they name, in whatever shape the capture is. */
#include <criterion/criterion.h>
#include <net/if.h>
#include <unistd.h>
#include "lab.h"
#define PCAP_DONT_INCLUDE_PCAP_BPF_H /* its struct bpf_insn is another one */
#include <pcap/dlt.h>
#include <pcap/pcap.h>
#include "capture.h"
#include "linktype.h"
#include "replay.h"

static const char policy_text[] =
	"categories: { games: games }\n"
	"groups:\n"
	"  pupils: { default: allow, log: full, quic: reject, https_records: hide, categories: { games: block } }\n"
	"  staff: { default: allow, log: full, categories: { games: allow } }\n"
	"unknown: pupils\n";
static const struct lab_name listed[] = { { "games.example", "games", 0 }, { .name = NULL } };

struct seen {
	struct lab_event event;
	struct replay_place place;
	char inside[64]; /* of the place, which does not last */
};

static struct bench {
	struct lab *lab;
	struct replay *replay;
	pcap_t *dead;
	pcap_dumper_t *dumper;
	FILE *file;
	long written;
	struct seen seen[64];
	size_t n;
	struct replay_counts counts;
} t;

static void begin(void)
{
	t.lab = lab_open();
	lab_policy(t.lab, policy_text);
	lab_names(t.lab, listed);
	t.file = tmpfile();
	t.dead = pcap_open_dead(DLT_EN10MB, 65535);
	t.dumper = pcap_dump_fopen(t.dead, fdopen(dup(fileno(t.file)), "w"));
	LAB_CHECK(t.dumper);
}

static void end(void)
{
	replay_free(t.replay);
	pcap_close(t.dead);
	fclose(t.file);
	lab_close(t.lab);
}

TestSuite(replay, .init = begin, .fini = end);

/* The next packet of the capture, a second after the one before; `kept`: so many bytes of it. */
static void take_frame(const struct frame *frame, __u32 kept)
{
	struct pcap_pkthdr header = { .ts.tv_sec = 1700000000 + t.written++ };

	header.len = frame->len;
	header.caplen = kept && kept < frame->len ? kept : frame->len;
	pcap_dump((u_char *)t.dumper, &header, frame->bytes);
}

static void take_part(const struct lab_packet *p, __u32 kept)
{
	static struct frame frame;

	lab_frame(&frame, p);
	take_frame(&frame, kept);
}

static void take(const struct lab_packet *p)
{
	take_part(p, 0);
}

static int run(void *ctx, enum esafe_hook hook, const __u8 *bytes, size_t len)
{
	static struct frame in;
	int retval;

	memcpy(in.bytes, bytes, len);
	in.len = len;
	retval = lab_run(t.lab, hook == ESAFE_HOOK_EGRESS ? t.lab->skel->progs.esafe_egress :
							    t.lab->skel->progs.esafe_ingress, &in, NULL);
	for (size_t i = 0; i < t.lab->events && t.n < 64; i++, t.n++) {
		memcpy(&t.seen[t.n].event, &t.lab->event[i], sizeof(t.lab->event[i]));
		t.seen[t.n].place = *replay_place(t.replay);
		snprintf(t.seen[t.n].inside, sizeof(t.seen->inside), "%s", t.seen[t.n].place.inside ?: "");
	}
	return retval == TC_ACT_SHOT ? REPLAY_DROPPED : retval == TC_ACT_REDIRECT ? REPLAY_ANSWERED : REPLAY_PASSED;
}

static __u64 ahead(void *ctx)
{
	return lab_count(t.lab, ESAFE_R_TCP_AHEAD);
}

static void replay_all(void)
{
	const struct replay_runner runner = { run, ahead, NULL };
	static __u8 frame[LINKTYPE_FRAME_MAX];
	char problem[CAPTURE_PROBLEM];
	struct capture_packet packet;
	struct capture *capture;

	pcap_dump_close(t.dumper);
	cr_assert_eq(lseek(fileno(t.file), 0, SEEK_SET), 0);
	cr_assert_eq(capture_open(dup(fileno(t.file)), &capture, problem), 0, "%s", problem);
	t.replay = replay_new(&runner);
	while (capture_next(capture, &packet, problem) == 1) {
		int len = linktype_frame(capture_link(capture), packet.data, packet.len, frame);

		cr_assert(len > 0);
		cr_assert_eq(replay_packet(t.replay, packet.at_us, frame, len, packet.length - packet.len), 0);
	}
	capture_close(capture);
	t.counts = replay_counts(t.replay);
}

static void expect(size_t i, __u64 number, const char *name, unsigned proto, unsigned verdict, unsigned reason)
{
	const struct seen *seen = &t.seen[i];

	cr_assert_lt(i, t.n, "event %zu of %zu", i, t.n);
	cr_expect_str_eq(seen->event.name, name);
	cr_expect_eq(seen->event.event.proto, proto, "%s: proto %u", name, seen->event.event.proto);
	cr_expect_eq(seen->event.event.verdict, verdict, "%s: verdict %u", name, seen->event.event.verdict);
	cr_expect_eq(seen->event.event.reason, reason, "%s: reason %u", name, seen->event.event.reason);
	cr_expect_eq(seen->place.number, number, "%s: packet %llu", name, seen->place.number);
	cr_expect_eq(seen->place.at_us, (1700000000 + (__s64)number - 1) * 1000000);
}

Test(replay, questions)
{
	__u8 blocked[512], allowed[512], answer[512];
	__u32 blocked_len = lab_question(blocked, "www.games.example", 1, 1);
	__u32 len = lab_question(allowed, "school.example", 28, 0);

	memcpy(answer, allowed, len);
	answer[2] |= 0x80;
	take(&(struct lab_packet){ .dport = 53, .payload = blocked, .len = blocked_len });
	take(&(struct lab_packet){ .v6 = 1, .vlan = 30, .dport = 53, .payload = allowed, .len = len });
	take(&(struct lab_packet){ .v6 = 1, .vlan = 30, .dport = 53, .payload = answer, .len = len, .from_server = 1 });
	take(&(struct lab_packet){ .dport = 53, .sport = 53, .payload = allowed, .len = len });
	take(&(struct lab_packet){ .dport = 53, .sport = 53, .payload = answer, .len = len, .from_server = 1 });
	replay_all();
	cr_expect_eq(t.n, 3);
	expect(0, 1, "www.games.example", ESAFE_P_DNS, ESAFE_BLOCK, ESAFE_R_CATEGORY);
	expect(1, 2, "school.example", ESAFE_P_DNS, ESAFE_ALLOW, ESAFE_R_DEFAULT);
	expect(2, 4, "school.example", ESAFE_P_DNS, ESAFE_ALLOW, ESAFE_R_DEFAULT);
	cr_expect_eq(t.seen[1].event.event.vlan_outer, 30);
	cr_expect(t.counts.packets == 5 && t.counts.from_devices == 3 && t.counts.to_devices == 2);
	cr_expect(t.counts.fate[REPLAY_ANSWERED] == 1 && t.counts.fate[REPLAY_PASSED] == 4);
}

/* Resolvers listen on other ports, too, and not always on the lesser one. */
Test(replay, a_question_from_the_lesser_port)
{
	__u8 question[512];
	struct lab_packet p = { .sport = 12345, .dport = 32021, .payload = "x", .len = 1, .from_server = 1 };

	take(&p);
	p = (struct lab_packet){ .sport = 12345, .dport = 32021, .payload = question };
	p.len = lab_question(question, "www.games.example", 1, 0);
	take(&p);
	replay_all();
	expect(t.n - 1, 2, "www.games.example", ESAFE_P_DNS, ESAFE_BLOCK, ESAFE_R_CATEGORY);
}

/* ---- TLS: a connection of device 1, from port `sport` ---- */

#define SYN 2
#define ISN 0xfffffff0u /* the numbers wrap in the hello */

static __u8 hello[4096];
static __u32 hello_len;

static struct lab_packet segment(__u16 sport, __u8 flags, __u32 seq, __u32 at, __u32 len)
{
	return (struct lab_packet){ .sport = sport, .dport = 443, .flags = flags, .seq = seq, .ack = 5001,
				    .payload = hello + at, .len = len };
}

static void take_handshake(__u16 sport)
{
	take(&(struct lab_packet){ .sport = sport, .dport = 443, .flags = SYN, .seq = ISN });
	take(&(struct lab_packet){ .sport = sport, .dport = 443, .flags = SYN | 16, .seq = 5000, .ack = ISN + 1,
				   .from_server = 1 });
}

static void take_data(__u16 sport, __u32 at, __u32 len)
{
	struct lab_packet p = segment(sport, 16, ISN + 1 + at, at, len);

	take(&p);
}

static void take_ack(__u16 sport)
{
	take(&(struct lab_packet){ .sport = sport, .dport = 443, .flags = 16, .seq = 5001, .ack = ISN + 1 + hello_len,
				   .from_server = 1 });
}

Test(replay, a_hello_in_order_and_not)
{
	hello_len = lab_hello(hello, "www.games.example", 1400, 400);
	take_handshake(40001);
	take_data(40001, 0, 1000);
	take_data(40001, 1000, hello_len - 1000);
	take_handshake(40002);
	take_data(40002, 1200, hello_len - 1200);
	take_data(40002, 500, 700);
	take_data(40002, 0, 500);
	replay_all();
	cr_expect_eq(t.n, 2);
	expect(0, 4, "www.games.example", ESAFE_P_TLS, ESAFE_BLOCK, ESAFE_R_CATEGORY);
	expect(1, 7, "www.games.example", ESAFE_P_TLS, ESAFE_BLOCK, ESAFE_R_CATEGORY);
	cr_expect_eq(t.seen[0].place.first, 3);
	cr_expect_eq(t.seen[1].place.first, 7);
	cr_expect_eq(t.counts.again, 2);
	cr_expect_eq(t.counts.never_due, 0);
}

/* Without its SYN; without its SYN-ACK; and with nothing but the server's side before. */
Test(replay, captures_that_begin_in_the_middle)
{
	hello_len = lab_hello(hello, "school.example", 0, 0);
	take_data(40001, 0, hello_len);
	take_ack(40001);
	take(&(struct lab_packet){ .sport = 40002, .dport = 443, .flags = SYN, .seq = ISN });
	take_data(40002, 0, hello_len);
	take(&(struct lab_packet){ .sport = 40003, .dport = 443, .flags = SYN | 16, .seq = 5000, .ack = ISN + 1,
				   .from_server = 1 });
	take_data(40003, 100, hello_len - 100);
	take_data(40003, 0, 100);
	replay_all();
	cr_expect_eq(t.n, 3);
	expect(0, 1, "school.example", ESAFE_P_TLS, ESAFE_ALLOW, ESAFE_R_DEFAULT);
	expect(1, 4, "school.example", ESAFE_P_TLS, ESAFE_ALLOW, ESAFE_R_DEFAULT);
	expect(2, 6, "school.example", ESAFE_P_TLS, ESAFE_ALLOW, ESAFE_R_DEFAULT);
	cr_expect_eq(t.counts.opened, 3);
}

/* Without its handshake, and the ports tell the wrong way round until the hello comes. */
Test(replay, a_hello_from_the_lesser_port)
{
	struct lab_packet p = { .sport = 7, .dport = 443, .flags = 16, .seq = ISN, .ack = 5001, .payload = "x", .len = 1 };

	hello_len = lab_hello(hello, "school.example", 0, 0);
	take(&p);
	take_data(7, 0, hello_len);
	replay_all();
	cr_expect_eq(t.n, 1);
	expect(0, 2, "school.example", ESAFE_P_TLS, ESAFE_ALLOW, ESAFE_R_DEFAULT);
}

/* Segments that a network card merged are longer than a test run takes. */
Test(replay, merged_segments)
{
	hello_len = lab_hello(hello, "www.games.example", 3000, 500);
	take_handshake(40001);
	take_data(40001, 0, hello_len);
	replay_all();
	cr_expect_eq(t.n, 1);
	expect(0, 3, "www.games.example", ESAFE_P_TLS, ESAFE_BLOCK, ESAFE_R_CATEGORY);
	cr_expect_eq(t.counts.split, 1);
}

/* Cut by the snap length behind the name, and before it: then there is no name, and no other one either. */
Test(replay, cut_packets)
{
	__u8 question[512];
	__u32 len = lab_question(question, "www.games.example", 1, 1);
	struct lab_packet p;

	hello_len = lab_hello(hello, "www.games.example", 0, 400);
	take_handshake(40001);
	p = segment(40001, 16, ISN + 1, 0, hello_len);
	take_part(&p, 300);
	take_handshake(40002);
	p = segment(40002, 16, ISN + 1, 0, hello_len);
	take_part(&p, 100);
	p = (struct lab_packet){ .dport = 53, .payload = question, .len = len };
	take_part(&p, 14 + 20 + 8 + 20);
	replay_all();
	cr_expect_eq(t.n, 1);
	expect(0, 3, "www.games.example", ESAFE_P_TLS, ESAFE_BLOCK, ESAFE_R_CATEGORY);
	cr_expect_eq(t.counts.cut, 3);
	cr_expect_eq(lab_count(t.lab, ESAFE_R_DNS_MALFORMED), 1);
}

/* A gap that the capture never fills: what is behind it is kept, and counted. */
Test(replay, a_gap_for_ever)
{
	hello_len = lab_hello(hello, "www.games.example", 100, 100);
	take_handshake(40001);
	take_data(40001, 200, hello_len - 200);
	take_data(40001, 0, 100);
	replay_all();
	cr_expect_eq(t.n, 0);
	cr_expect_eq(t.counts.never_due, 1);
}

/* ---- what is inside ---- */

/* Wraps a frame in VXLAN so many times, each time between other ends. */
static void take_inside(const struct lab_packet *p, int times)
{
	static struct frame frame;
	static __u8 vxlan[2048];

	lab_frame(&frame, p);
	for (int i = 0; i < times; i++) {
		struct lab_packet around = { .host = 2 + i, .dport = 4789, .payload = vxlan, .len = 8 + frame.len };

		memset(vxlan, 0, 8);
		vxlan[0] = 8;
		memcpy(vxlan + 8, frame.bytes, frame.len);
		lab_frame(&frame, &around);
	}
	take_frame(&frame, 0);
}

static void expect_place(size_t i, unsigned depth, const char *inside, int outer)
{
	const struct replay_place *place = &t.seen[i].place;

	cr_expect_eq(place->depth, depth, "event %zu: depth %u", i, place->depth);
	cr_expect_eq(place->outer, outer, "event %zu: outer %d", i, place->outer);
	cr_expect_str_eq(place->inside ? t.seen[i].inside : "", inside);
}

Test(replay, packets_in_packets)
{
	__u8 question[512];
	struct lab_packet p = { .v6 = 1, .dport = 53, .payload = question };

	p.len = lab_question(question, "www.games.example", 1, 1);
	take(&p);
	take_inside(&p, 1);
	take_inside(&p, REPLAY_DEPTH);
	replay_all();
	expect(0, 1, "www.games.example", ESAFE_P_DNS, ESAFE_BLOCK, ESAFE_R_CATEGORY);
	expect_place(0, 0, "", 0);
	expect(1, 2, "", ESAFE_P_UDP, ESAFE_ALLOW, ESAFE_R_UNNAMED);
	expect(2, 2, "www.games.example", ESAFE_P_DNS, ESAFE_BLOCK, ESAFE_R_CATEGORY);
	expect_place(2, 1, "vxlan", REPLAY_PASSED);
	expect(t.n - 1, 3, "www.games.example", ESAFE_P_DNS, ESAFE_BLOCK, ESAFE_R_CATEGORY);
	expect_place(t.n - 1, REPLAY_DEPTH, "vxlan/vxlan/vxlan/vxlan", REPLAY_PASSED);
	cr_expect_eq(t.counts.inside, 1 + REPLAY_DEPTH);
	cr_expect(t.counts.packets == 3 && t.counts.from_devices == 3 && t.counts.fate[REPLAY_ANSWERED] == 1);
}

Test(replay, not_deeper_for_ever)
{
	__u8 question[512];
	struct lab_packet p = { .dport = 53, .payload = question };

	p.len = lab_question(question, "www.games.example", 1, 1);
	take_inside(&p, REPLAY_DEPTH + 1);
	replay_all();
	cr_expect_eq(t.counts.inside, REPLAY_DEPTH);
	for (size_t i = 0; i < t.n; i++)
		cr_expect_eq(t.seen[i].event.event.proto, ESAFE_P_UDP, "event %zu", i);
}

/* A segment inside is one of another connection than the same one outside. */
Test(replay, connections_inside)
{
	struct lab_packet p;

	hello_len = lab_hello(hello, "www.games.example", 0, 0);
	p = segment(40001, 16, ISN + 1, 0, hello_len);
	take_handshake(40001);
	take_inside(&p, 1);
	replay_all();
	cr_expect_eq(t.counts.opened, 1);
	cr_expect_eq(t.seen[t.n - 1].place.first, 3);
}

/* In two parts, of which the programs drop both: the question is told, and what became of them. */
static void take_fragments(const struct lab_packet *p, __u32 cut)
{
	static struct frame whole, part;

	lab_frame(&whole, p);
	part = whole;
	lab_put16(part.bytes + 16, 20 + cut);
	lab_put16(part.bytes + 20, 0x2000);
	part.len = 34 + cut;
	take_frame(&part, 0);
	lab_put16(part.bytes + 16, whole.len - 14 - cut);
	lab_put16(part.bytes + 20, cut / 8);
	memcpy(part.bytes + 34, whole.bytes + 34 + cut, whole.len - 34 - cut);
	part.len = whole.len - cut;
	take_frame(&part, 0);
}

Test(replay, fragments)
{
	__u8 question[1000] = { 0 };
	struct lab_packet p = { .dport = 53, .payload = question, .len = sizeof(question) };

	lab_question(question, "school.example", 1, 0);
	take_fragments(&p, 16);
	take_fragments(&p, 800);
	replay_all();
	cr_expect_eq(t.n, 2);
	for (size_t i = 0; i < 2; i++) {
		expect(i, 2 + 2 * i, "school.example", ESAFE_P_DNS, ESAFE_ALLOW, ESAFE_R_DEFAULT);
		expect_place(i, 1, "fragments", REPLAY_DROPPED);
		cr_expect(t.seen[i].place.parts);
	}
}
