// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Nanoseconds per packet of the loaded programs, less those of an empty program on the same packets in the same run.
 * Names and connections differ from packet to packet. Prints one JSON object a line.
 */
#include "frames.h"
#include "initial.h"
#include "scoped.h"

#define NAMES_MAX 5000000

static const char policy[] =
	"categories: { games: Games, adult: Adult }\n"
	"groups:\n"
	"  pupils: { default: allow, quic: inspect, safesearch: off, categories: { games: block } }\n"
	"  staff: { default: allow, safesearch: off }\n"
	"  careful: { inherit: pupils, unresolved: refuse }\n"
	"unknown: pupils\n";

/* Four labels; listed ones have even numbers. All of one length. */
static void name_of(__u32 n, char *text)
{
	sprintf(text, "w%u.host%08u.zone%03u.example", n % 7, n, n % 1000);
}

static void dns(const char *figure, int xdp, int listed, int want, double must, double aim)
{
	__u8 msg[512];
	char name[128];

	for (__u32 i = 0; i < REFILL_FRAMES; i++) {
		struct lab_packet p = { .dport = 53, .payload = msg };

		name_of(rnd() % NAMES_MAX * 2 + !listed, name);
		p.len = lab_question(msg, name, 1, 1);
		add_frame(&p, INGRESS);
	}
	measure(figure, xdp, 1, want, must, aim);
}

/* The same for a device with a grant in each of the first `kinds` of its scopes, and the lesson of its class. */
static void scoped(const char *figure, __u8 kinds, double must, double aim)
{
	struct esafe_device device = scoped_device(lab, "pupils", 1);
	__u64 until = lab_now(CLOCK_TAI) + 3600000000000ULL;

	scoped_put_device(lab, 1, &device);
	for (__u8 kind = ESAFE_SCOPE_DEVICE; kind <= kinds; kind++)
		scoped_act(lab, scoped_key(&device, kind), GRANT, "other.site", until, 1);
	scoped_act(lab, scoped_key(&device, ESAFE_SCOPE_CLASS), LESSON_LIST, "volcano.site", until, 2);
	dns(figure, 0, 0, -1, must, aim);
	scoped_forget(lab);
	lab_device(lab, "pupils", 1);
}

static __u32 add_record(__u8 *to, __u8 type, const void *rdata, __u8 len)
{
	memcpy(to, (__u8[]){ 0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, len }, 12);
	memcpy(to + 12, rdata, len);
	return 12 + len;
}

/* Answers on their way to a device: two addresses, and perhaps the name that they belong to. */
static void response(const char *figure, int alias, double must, double aim)
{
	__u8 msg[512], wire[ESAFE_NAME_MAX];
	char name[128];

	for (__u32 i = 0; i < REFILL_FRAMES; i++) {
		struct lab_packet p = { .dport = 53, .payload = msg, .from_server = 1 };

		name_of(rnd() % NAMES_MAX * 2 + 1, name);
		p.len = lab_question(msg, name, 1, 0);
		msg[2] = 0x81;
		msg[7] = 2 + alias;
		name_of(rnd() % NAMES_MAX * 2 + 1, name);
		if (alias)
			p.len += add_record(msg + p.len, 5, wire, name_from_text(name, strlen(name), wire));
		p.len += add_record(msg + p.len, 1, "\1\2\3\4", 4);
		p.len += add_record(msg + p.len, 1, "\1\2\3\5", 4);
		add_frame(&p, EGRESS);
	}
	measure(figure, 0, 1, -1, must, aim);
}

static struct lab_packet connection(__u32 n)
{
	return (struct lab_packet){ .sport = 1024 + n % 60000, .dport = 443, .host = 1 + n / 60000 % 250 };
}

/* The frames that open a connection: SYN, SYN-ACK, the hello in pieces and what follows it, an acknowledgement. */
static int add_opening(struct lab_packet p, const __u8 *hello, __u32 len, __u32 cut)
{
	__u32 isn = rnd(), before = used;

	p.ack = 1;
	p.flags = 2;
	p.seq = isn;
	add_frame(&p, INGRESS);
	p.from_server = 1;
	p.flags = 0x12;
	p.ack = isn + 1;
	add_frame(&p, EGRESS);
	p.from_server = 0;
	p.flags = 0x18;
	for (__u32 at = 0; at < len; at += cut) {
		p.seq = isn + 1 + at;
		p.payload = hello + at;
		p.len = len - at < cut ? len - at : cut;
		add_frame(&p, INGRESS);
	}
	p.seq = isn + 1 + len; /* what is no second hello: the connection is judged */
	p.payload = "\27\3\3\0\1\1";
	p.len = 6;
	add_frame(&p, INGRESS);
	p.from_server = 1;
	p.flags = 0x10;
	p.ack = p.seq + 6;
	p.len = 0;
	add_frame(&p, EGRESS);
	return used - before;
}

static void openings(const char *figure, __u32 before, __u32 after, __u32 cut, double must, double aim)
{
	static __u8 hello[4096];
	__u32 len = lab_hello(hello, "www.somewhere-not-listed.example", before, after);
	int per = 0;

	for (__u32 i = 0; used + 9 < REFILL_FRAMES; i++)
		per = add_opening(connection(i), hello, len, cut);
	measure(figure, 0, per, -2, must, aim);
}

/* What one more segment of a first flight costs: ten of them and two, of the same hello. */
static void further_segment(const char *figure, double must, double aim)
{
	static const __u32 cuts[2] = { 1300, 210 };
	static __u8 hello[4096];
	__u32 len = lab_hello(hello, "www.somewhere-not-listed.example", 1400, 300);
	double value[2], empty[2];
	int per[2];

	for (int many = 0; many < 2; many++) {
		for (__u32 i = 0; used + 20 < REFILL_FRAMES; i++)
			per[many] = add_opening(connection(i), hello, len, cuts[many]);
		value[many] = over_empty(figure, 0, per[many], -2, &empty[many]);
	}
	print_row(figure, (value[1] - value[0]) / (per[1] - per[0]), (empty[1] - empty[0]) / (per[1] - per[0]), "ns",
		  must, aim);
}

/* An address for each number, which the device has resolved. */
static void address_of(__u32 n, char *text)
{
	sprintf(text, "198.%u.%u.%u", 18 + n / 62500 % 2, n / 250 % 250, 1 + n % 250);
}

/*
 * What it costs on the first packet of a connection to ask whether its address was resolved: SYNs that are asked, less
 * those to port 53, which are not. 50,000 addresses of one device.
 */
static void resolved(const char *figure, double must, double aim)
{
	double value[2], empty[2];
	char text[32];

	for (__u32 i = 0; i < 50000; i++) {
		struct lab_packet p = { .dport = 53, .from_server = 1, .host = 252 };
		__u8 msg[512], addr[4];

		address_of(i, text);
		inet_pton(AF_INET, text, addr);
		p.payload = msg;
		p.len = lab_question(msg, "www.somewhere-not-listed.example", 1, 0);
		msg[2] = 0x81;
		msg[7] = 1;
		p.len += add_record(msg + p.len, 1, addr, 4);
		add_frame(&p, EGRESS);
		memcpy(bytes + frames[used - 1].at, "\2\0\0\0\0\374", 6); /* it goes to the device */
	}
	over_empty(figure, 0, 1, -1, empty);
	for (int asked = 0; asked < 2; asked++) {
		for (__u32 i = 0; i < 60000; i++) {
			struct lab_packet p = { .sport = 1024 + i, .dport = asked ? 443 : 53, .flags = 2, .dst = text,
						.host = 252 };

			address_of(rnd() % 50000, text);
			add_frame(&p, INGRESS);
		}
		value[asked] = over_empty(figure, 0, 1, -1, &empty[asked]);
	}
	print_row(figure, value[1] - value[0], empty[1], "ns", must, aim);
}

static void fragments(const char *figure, double must, double aim)
{
	for (__u32 i = 0; i < 60000; i++) {
		struct lab_packet p = connection(i);

		p.flags = 0x18;
		p.fragment = 0x2000;
		p.payload = "data";
		p.len = 4;
		add_frame(&p, INGRESS);
	}
	measure(figure, 0, 1, TC_ACT_SHOT, must, aim);
}

static void judged(const char *figure, __u32 count, double must, double aim)
{
	static __u8 hello[1024], data[100];
	static const __u8 behind[] = { 20, 3, 3, 0, 1, 1, 23 }; /* a change of ciphers and data: no other hello comes */
	__u32 len = lab_hello(hello, "www.fine.example", 20, 20);
	int retval, ours[2] = { bpf_program__fd(lab->skel->progs.esafe_ingress),
				bpf_program__fd(lab->skel->progs.esafe_egress) };

	memcpy(hello + len, behind, sizeof(behind));
	len += sizeof(behind);
	target(0, ours);
	for (__u32 i = 0; i < count; i++) {
		add_opening(connection(i), hello, len, 1024);
		if (used + 9 >= REFILL_FRAMES || i + 1 == count) {
			run(0, &retval);
			used = bytes_used = 0;
		}
	}
	while (used < REFILL_FRAMES) {
		struct lab_packet p = connection(rnd() % count);

		p.flags = 0x18;
		p.seq = 5;
		p.payload = data;
		p.len = sizeof(data);
		add_frame(&p, INGRESS);
	}
	measure(figure, 0, 1, -1, must, aim);
}

/* An Initial of 1,200 bytes with these bytes of the hello. */
static void add_initial(__u32 n, const __u8 *hello, __u32 from, __u32 len)
{
	struct lab_packet p = connection(n);
	__u8 cid[8], plain[1162] = { 0 }, packet[1500];
	struct initial i = { .version = 1, .keys = cid, .keys_len = 8, .dcid = cid, .dcid_len = 8, .number = from,
			     .number_len = 2, .frames = plain, .frames_len = sizeof(plain) };

	memset(cid, 7, sizeof(cid));
	memcpy(cid, &n, sizeof(n));
	initial_crypto(plain, hello, from, len);
	p.host = 1 + n % 250; /* each has so many tries */
	p.payload = packet;
	p.len = initial_make(&i, packet);
	add_frame(&p, INGRESS);
}

/* Connections of `packets` Initials, the name in the last; far more of them than are remembered. */
static void initials(const char *figure, int packets, double must, double aim)
{
	__u8 hello[4096];
	__u32 len = lab_hello(hello, "www.somewhere-not-listed.example", packets > 1 ? 1100 : 20, 20) - 5;
	__u64 flood = lab_count(lab, ESAFE_R_QUIC_FLOOD);
	static __u32 n;

	for (int i = 0; i < 6000; i++, n++) {
		add_initial(n, hello + 5, 0, packets > 1 ? 1000 : len);
		if (packets > 1)
			add_initial(n, hello + 5, 1000, len - 1000);
	}
	measure(figure, 0, packets, -1, must, aim);
	if (lab_count(lab, ESAFE_R_QUIC_FLOOD) != flood) {
		fprintf(stderr, "%s: some were not opened\n", figure);
		exit(1);
	}
}

/* Initials of 1,200 bytes that nobody can open, of so many sources. */
static double forged(const char *figure, __u32 sources, __u32 count, int want, double must, double aim)
{
	__u8 bytes[1200] = "\xc0\0\0\0\1\10";

	lab_put16(bytes + 16, 0x4000 | 1182);
	for (__u32 i = 0; i < count; i++) {
		struct lab_packet p = { .dport = 443, .host = 255 - i % sources, .payload = bytes, .len = sizeof(bytes) };

		memcpy(bytes + 6, &i, sizeof(i));
		add_frame(&p, INGRESS);
	}
	return measure(figure, 0, 1, want, must, aim);
}

/*
 * What one source can take of a processor with them, at a whole gigabit per second: 250 a second are tried, one a tick
 * of Debian's clock, and the rest of 102,000 is dropped.
 */
static void flood(void)
{
	double tried = forged("QUIC Initial forged, tried", 250, 5000, TC_ACT_REDIRECT, 28000, 24000);
	double dropped = forged("QUIC Initials forged by one source, each", 1, 60000, TC_ACT_SHOT, 2000, 1000);

	print_row("QUIC Initials forged by one source at 1 Gbit/s, share of a processor",
		  (tried * 250 + dropped * 102000) / 1e9 * 100, 0, "%", 10, 2);
}

/* Data of connections that initials() left judged; of others, which nothing was said of; tunnels that are refused. */
static void datagrams(void)
{
	__u8 data[100] = { 0x55 }, tunnel[148] = { 1 };

	for (__u32 i = 0; i < 60000; i++) {
		struct lab_packet p = connection(i % 64);

		p.host = 1 + i % 64;
		p.payload = data;
		p.len = sizeof(data);
		add_frame(&p, INGRESS);
	}
	measure("QUIC short header of a judged connection", 0, 1, -1, 200, 60);
	for (__u32 i = 0; i < 60000; i++) {
		struct lab_packet p = { .sport = 1024 + i % 64, .dport = 51820, .payload = tunnel, .len = sizeof(tunnel) };

		add_frame(&p, INGRESS);
	}
	measure("handshake of WireGuard refused", 0, 1, TC_ACT_REDIRECT, 2000, 1000);
}

static void fill_names(void)
{
	struct catbuild *build = catbuild_new(4711);
	struct catbuild_part *part = catbuild_part(build);
	int source = catbuild_source(build, idtable_get(&lab->categories, "games"));
	struct catmap_target to = { lab_alloc, &lab->maps };
	struct catmap_image image;
	struct catbuild_stats stats;
	__u8 wire[ESAFE_NAME_MAX];
	char text[128];

	for (__u32 i = 0; i < NAMES_MAX; i++) {
		int len;

		name_of(i * 2, text);
		len = name_from_text(text, strlen(text), wire);
		LAB_CHECK(!catbuild_add(part, name_hash(wire, len, LAB_K1, LAB_K2), source, 0));
	}
	LAB_CHECK(!catbuild_finish(build, &to, &image, &stats));
	LAB_CHECK(!maps_swap_names(&lab->maps));
	catbuild_free(build);
}

int main(void)
{
	size_t size = sizeof(*frames) * REFILL_FRAMES;

	lab = lab_open_with(LAB_XDP);
	lab_policy(lab, policy);
	lab_device(lab, "pupils", 1);
	lab_device(lab, "careful", 252);
	fill_names();
	refill = refill__open_and_load();
	LAB_CHECK(refill);
	frames = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(refill->maps.frames), 0);
	bytes = mmap(NULL, sizeof(struct refill_bytes), PROT_READ | PROT_WRITE, MAP_SHARED,
		     bpf_map__fd(refill->maps.bytes), 0);
	LAB_CHECK(frames != MAP_FAILED && bytes != MAP_FAILED);
	judged("TCP data segment of a judged flow, 64 flows", 64, 60, 20);
	judged("TCP data segment of a judged flow, 50,000 flows", 50000, 300, 130);
	dns("DNS question, name in no list, 4 labels, 5 M names (TC)", 0, 0, -1, 600, 350);
	dns("DNS question, name in no list, 4 labels, 5 M names (XDP)", 1, 0, XDP_PASS, 600, 350);
	dns("DNS question blocked and answered in place, 5 M names (TC)", 0, 1, TC_ACT_REDIRECT, 900, 500);
	dns("DNS question blocked and answered in place, 5 M names (XDP)", 1, 1, XDP_TX, 900, 500);
	scoped("DNS question of a device with a grant and a lesson, 5 M names (TC)", 1, 1000, 600);
	scoped("DNS question of a device with grants in five scopes and a lesson, 5 M names (TC)", 5, 1600, 900);
	response("DNS answer with one CNAME and two addresses judged, 5 M names", 1, 1500, 800);
	response("DNS answer with two addresses, which lead nowhere", 0, 300, 150);
	openings("SYN + ClientHello of one segment, whole flow", 100, 200, 2048, 2000, 1300);
	openings("SYN + post-quantum ClientHello of two segments, name in the second", 1400, 300, 1400, 2700, 1800);
	further_segment("each further segment of a first flight", 600, 300);
	resolved("resolved or refused: the first packet of a connection asked", 250, 120);
	fragments("IP fragment dropped", 100, 50);
	initials("QUIC: the first Initial, with the name", 1, 28000, 24000);
	datagrams();
	flood();
	initials("QUIC: two Initials, the name in the second", 2, 48000, 39000);
	refill__destroy(refill);
	lab_close(lab);
	return 0;
}
