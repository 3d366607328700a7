/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Captures: files as they are and as they should not be, link types, frames and their parts. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "frame.h"
#include "linktype.h"
#include "parse.h"

/* An IPv4 UDP packet of 10.0.0.1:1000 to 10.0.0.2:53 that carries "hi"; and the beginning of an IPv6 one. */
static const __u8 ipv4[] = { 0x45, 0, 0, 30, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
			     3, 0xe8, 0, 53, 0, 10, 0, 0, 'h', 'i' };
static const __u8 ipv6[] = { 0x60, 0, 0, 0, 0, 0, 59, 64 };

static int frame_of(unsigned type, const __u8 *header, size_t header_len, const __u8 *ip, size_t ip_len, __u8 *out)
{
	__u8 whole[256], *packet;
	int len;

	memcpy(whole, header, header_len);
	memcpy(whole + header_len, ip, ip_len);
	packet = exact(whole, header_len + ip_len);
	len = linktype_frame(type, packet, header_len + ip_len, out);
	free(packet);
	return len;
}

/* ---- link types ---- */

static const struct {
	const char *what;
	unsigned type, len;
	__u8 header[48];
	unsigned ethertype;
} links[] = {
	{ "Ethernet", DLT_EN10MB, 14, { 2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8, 8, 0 }, 0x0800 },
	{ "Ethernet between switches", DLT_EN10MB, 22,
	  { 2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8, 0x89, 9, 1, 1, 0, 1, 0, 2, 8, 0 }, 0x0800 },
	{ "a VLAN", DLT_EN10MB, 14, { 2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8, 0x81, 0 }, 0x8100 },
	{ "raw IPv4", DLT_RAW, 0, {}, 0x0800 },
	{ "raw IPv6", DLT_RAW, 0, {}, 0x86dd },
	{ "IPv4", DLT_IPV4, 0, {}, 0x0800 },
	{ "IPv6", DLT_IPV6, 0, {}, 0x86dd },
	{ "BSD loopback", DLT_NULL, 4, { 2 }, 0x0800 },
	{ "BSD loopback, IPv6 of another system", DLT_NULL, 4, { 0, 0, 0, 30 }, 0x86dd },
	{ "OpenBSD loopback", DLT_LOOP, 4, { 0, 0, 0, 2 }, 0x0800 },
	{ "PPP", DLT_PPP, 4, { 0xff, 3, 0, 0x21 }, 0x0800 },
	{ "PPP, short", DLT_PPP, 1, { 0x21 }, 0x0800 },
	{ "PPP, IPv6", DLT_PPP, 2, { 0, 0x57 }, 0x86dd },
	{ "PPP on a serial line", DLT_PPP_SERIAL, 4, { 0xff, 3, 0, 0x21 }, 0x0800 },
	{ "Cisco HDLC there", DLT_PPP_SERIAL, 4, { 0x0f, 0, 0x86, 0xdd }, 0x86dd },
	{ "Cisco HDLC", DLT_C_HDLC, 4, { 0x8f, 0, 8, 0 }, 0x0800 },
	{ "PPPoE", DLT_PPP_ETHER, 8, { 0x11, 0, 0, 1, 0, 32, 0, 0x21 }, 0x0800 },
	{ "PPP with direction", DLT_PPP_WITH_DIR, 5, { 1, 0xff, 3, 0, 0x21 }, 0x0800 },
	{ "Linux cooked", DLT_LINUX_SLL, 16, { 0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 8, 0, 0, 8, 0 }, 0x0800 },
	{ "wireless, to the network", DLT_IEEE802_11, 32,
	  { 8, 1, 0, 0, 2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8, 2, 0, 0, 0, 0, 7, 0, 0, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0 }, 0x0800 },
	{ "wireless, its first bytes the other way round", DLT_IEEE802_11, 32,
	  { 1, 8, 0, 0, 2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8, 2, 0, 0, 0, 0, 7, 0, 0, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0 }, 0x0800 },
	{ "wireless with QoS, from the network", DLT_IEEE802_11_RADIO, 42,
	  { 0, 0, 8, 0, 0, 0, 0, 0, 0x88, 2, 0, 0, 2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 7, 2, 0, 0, 0, 0, 8, 0, 0, 0, 0,
	    0xaa, 0xaa, 3, 0, 0, 0, 0x86, 0xdd }, 0x86dd },
	{ "Linux cooked v2", DLT_LINUX_SLL2, 20,
	  { 0x86, 0xdd, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 8 }, 0x86dd },
};

Test(linktype, each_becomes_ethernet)
{
	static __u8 out[LINKTYPE_FRAME_MAX];

	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++) {
		bool v6 = links[i].ethertype == 0x86dd;
		const __u8 *ip = v6 ? ipv6 : ipv4;
		size_t size = v6 ? sizeof(ipv6) : sizeof(ipv4);
		int len = frame_of(links[i].type, links[i].header, links[i].len, ip, size, out);

		cr_assert_eq(len, 14 + (int)size, "%s: %d", links[i].what, len);
		cr_expect_eq(out[12] << 8 | out[13], (int)links[i].ethertype, "%s", links[i].what);
		cr_expect_eq(memcmp(out + 14, ip, size), 0, "%s", links[i].what);
		cr_expect_eq(out[11], linktype_has_mac(links[i].type) ? 8 : 1, "%s", links[i].what);
		cr_expect_not_null(linktype_name(links[i].type));
	}
}

/* Every beginning of every packet: refused, or a frame that holds what there was; never a byte too far. */
Test(linktype, cut_anywhere)
{
	static __u8 out[LINKTYPE_FRAME_MAX];

	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++) {
		for (size_t len = 0; len <= links[i].len; len++) {
			int got = frame_of(links[i].type, links[i].header, len, ipv4, 0, out);

			cr_expect(got == -EBADMSG || (got >= 14 && got <= 14 + (int)len), "%s: %d", links[i].what, got);
		}
	}
}

Test(linktype, what_is_not_taken)
{
	static __u8 out[LINKTYPE_FRAME_MAX], zeros[64];

	cr_expect_eq(linktype_frame(147, zeros, sizeof(zeros), out), -EPROTONOSUPPORT);
	cr_expect_null(linktype_name(147));
	cr_expect_eq(linktype_frame(DLT_RAW, zeros, sizeof(zeros), out), -EBADMSG);
	cr_expect_eq(linktype_frame(DLT_PPP, (const __u8[]){ 0xc0, 0x21, 1, 1 }, 4, out), -EBADMSG);
	cr_expect_eq(linktype_frame(DLT_PPP_ETHER, (const __u8[]){ 0x11, 9, 0, 0, 0, 0, 0, 0x21 }, 8, out), -EBADMSG);
	cr_expect_eq(linktype_frame(DLT_IEEE802_11, (const __u8[40]){ 8, 0x41 }, 40, out), -EBADMSG, "encrypted");
	cr_expect_eq(linktype_frame(DLT_IEEE802_11_RADIO, (const __u8[40]){ 0, 0, 255, 255 }, 40, out), -EBADMSG);
	cr_expect_eq(linktype_frame(DLT_EN10MB, zeros, 2ull * LINKTYPE_PACKET_MAX, out), -EBADMSG);
}

/* The programs answer with copies of a frame: none may be for the loopback interface of the machine that replays. */
Test(linktype, no_address_is_zero)
{
	static __u8 out[LINKTYPE_FRAME_MAX];
	const __u8 zeros[14] = { [12] = 8 };

	cr_assert_eq(frame_of(DLT_EN10MB, zeros, sizeof(zeros), ipv4, sizeof(ipv4), out), 14 + (int)sizeof(ipv4));
	cr_expect_neq(memcmp(out, zeros, 6), 0);
	cr_expect_neq(memcmp(out + 6, zeros, 6), 0);
	cr_expect_neq(memcmp(out, out + 6, 6), 0);
}

/* ---- files ---- */

static int new_file(void)
{
	char path[] = "/tmp/esafe-capture-XXXXXX";
	int fd = mkstemp(path);

	cr_assert(fd >= 0);
	unlink(path);
	return fd;
}

/* Two packets, the second one cut by the snap length. */
static int written(int link)
{
	int fd = new_file();
	pcap_t *dead = pcap_open_dead(link, 16);
	pcap_dumper_t *dumper = pcap_dump_fopen(dead, fdopen(dup(fd), "w"));
	struct pcap_pkthdr header = { .ts = { 1700000000, 250000 }, .caplen = 4, .len = 4 };

	cr_assert_not_null(dumper);
	pcap_dump((u_char *)dumper, &header, (const u_char *)"abcd");
	header.ts.tv_sec++;
	header.len = 1500;
	pcap_dump((u_char *)dumper, &header, (const u_char *)"efgh");
	pcap_dump_close(dumper);
	pcap_close(dead);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static struct capture *opened(int fd)
{
	char problem[CAPTURE_PROBLEM];
	struct capture *capture;

	cr_assert_eq(capture_open(fd, &capture, problem), 0, "%s", problem);
	return capture;
}

Test(capture, packets_of_a_file)
{
	struct capture *capture = opened(written(DLT_RAW));
	struct capture_packet packet;
	char problem[CAPTURE_PROBLEM];

	cr_expect_str_eq(linktype_name(capture_link(capture)), "raw IP");
	cr_assert_eq(capture_next(capture, &packet, problem), 1);
	cr_expect_eq(packet.at_us, 1700000000250000);
	cr_expect(packet.len == 4 && packet.length == 4 && !memcmp(packet.data, "abcd", 4));
	cr_assert_eq(capture_next(capture, &packet, problem), 1);
	cr_expect(packet.len == 4 && packet.length == 1500);
	cr_expect_eq(capture_next(capture, &packet, problem), 0);
	capture_close(capture);
}

/* Section header, interface (Ethernet), one enhanced packet of four bytes at 2 s. */
static const __u32 pcapng[] = {
	0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0xffffffff, 0xffffffff, 28,
	1, 20, 1, 65535, 20,
	6, 36, 0, 0, 2000000, 4, 4, 0x64636261, 36,
};

Test(capture, pcapng)
{
	struct capture_packet packet;
	char problem[CAPTURE_PROBLEM];
	struct capture *capture;
	int fd = new_file();

	cr_assert_eq(write(fd, pcapng, sizeof(pcapng)), (ssize_t)sizeof(pcapng));
	lseek(fd, 0, SEEK_SET);
	capture = opened(fd);
	cr_expect_str_eq(linktype_name(capture_link(capture)), "Ethernet");
	cr_assert_eq(capture_next(capture, &packet, problem), 1);
	cr_expect_eq(packet.at_us, 2000000);
	cr_expect(packet.len == 4 && !memcmp(packet.data, "abcd", 4));
	cr_expect_eq(capture_next(capture, &packet, problem), 0);
	capture_close(capture);
}

/* A file that ends anywhere: refused, or read so far and said so; whole packets are never lost. */
Test(capture, cut_off)
{
	int whole = written(DLT_EN10MB);
	off_t size = lseek(whole, 0, SEEK_END);
	char bytes[256];

	lseek(whole, 0, SEEK_SET);
	cr_assert(size < (off_t)sizeof(bytes) && read(whole, bytes, size) == size);
	close(whole);
	for (off_t len = 0; len < size; len++) {
		char problem[CAPTURE_PROBLEM] = "";
		struct capture_packet packet;
		struct capture *capture;
		int fd = new_file(), got, n = 0;

		cr_assert_eq(write(fd, bytes, len), len);
		lseek(fd, 0, SEEK_SET);
		if (capture_open(fd, &capture, problem)) {
			cr_expect(len < 24 && *problem, "%d", (int)len);
			continue;
		}
		while ((got = capture_next(capture, &packet, problem)) == 1)
			n++;
		cr_expect_eq(n, len >= 44 ? 1 : 0, "%d", (int)len);
		cr_expect_eq(got, len == 24 || len == 44 ? 0 : -EBADMSG, "%d: %d", (int)len, got);
		capture_close(capture);
	}
}

/* A packet that says it has four gigabytes, and one that has more than it had on the wire. */
Test(capture, hostile_lengths)
{
	static const __u32 lengths[][2] = { { 0xffffffff, 0xffffffff }, { 0x7fffffff, 4 }, { 300000, 300000 }, { 8, 4 } };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		char problem[CAPTURE_PROBLEM];
		struct capture_packet packet;
		struct capture *capture;
		int fd = written(DLT_EN10MB), got;

		cr_assert_eq(pwrite(fd, lengths[i], 8, 24 + 8), 8);
		capture = opened(fd);
		got = capture_next(capture, &packet, problem);
		cr_expect(got == -EBADMSG || (got == 1 && packet.len <= packet.length), "%zu: %d", i, got);
		capture_close(capture);
	}
}

Test(capture, only_plain_files)
{
	char problem[CAPTURE_PROBLEM];
	struct capture *capture;
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	cr_expect_eq(capture_open(ends[0], &capture, problem), -EINVAL);
	cr_expect_str_eq(problem, "not a plain file");
	close(ends[1]);
	cr_expect_eq(capture_open(open("/", O_RDONLY), &capture, problem), -EINVAL);
	cr_expect_eq(capture_open(open("/dev/null", O_RDONLY), &capture, problem), -EINVAL);
	cr_expect_eq(capture_open(-1, &capture, problem), -EINVAL);
}

/* ---- frames ---- */

static unsigned sum(const __u8 *b, size_t len, unsigned so_far)
{
	for (size_t i = 0; i < len; i++)
		so_far += i & 1 ? b[i] : b[i] << 8;
	while (so_far >> 16)
		so_far = (so_far & 0xffff) + (so_far >> 16);
	return so_far;
}

/* Checksums and lengths of a frame of ours are right. */
static void check_sums(const __u8 *b, size_t len, const struct frame *f)
{
	const __u8 *ip = b + f->l3;
	const __u8 *ppp = b + f->pppoe;
	unsigned pseudo = (f->kind == FRAME_TCP ? 6 : 17) + len - f->l4;

	if (f->pppoe)
		cr_expect_eq(ppp[4] << 8 | ppp[5], (int)(len - f->l3) + 2);
	if (f->family == 4) {
		cr_expect_eq(ip[2] << 8 | ip[3], (int)(len - f->l3));
		cr_expect_eq(sum(ip, f->l4 - f->l3, 0), 0xffff);
	} else {
		cr_expect_eq(ip[4] << 8 | ip[5], (int)(len - f->l3 - 40));
	}
	cr_expect_eq(sum(b + f->l4, len - f->l4, sum(ip + (f->family == 6 ? 8 : 12), f->family == 6 ? 32 : 8, pseudo)),
		     0xffff);
}

enum { V6 = 1, VLAN = 2, PPPOE = 4, KINDS = 8 };

/* Between the addresses and IP. Returns where IP stands. */
static size_t link_header(__u8 *b, int kind, size_t ip_len)
{
	unsigned type = kind & V6 ? 0x86dd : 0x0800, ppp = ip_len + 2;
	size_t at = 12;

	if (kind & VLAN) {
		memcpy(b + at, (__u8[]){ 0x81, 0, 0, 7 }, 4);
		at += 4;
	}
	if (!(kind & PPPOE)) {
		memcpy(b + at, (__u8[]){ type >> 8, type }, 2);
		return at + 2;
	}
	memcpy(b + at, (__u8[]){ 0x88, 0x64, 0x11, 0, 0, 1, ppp >> 8, ppp, 0, kind & V6 ? 0x57 : 0x21 }, 10);
	return at + 10;
}

/* A TCP segment with `len` bytes: 0, 1, 2, ... Returns the length of the frame. */
static size_t segment(__u8 *b, int kind, __u32 seq, __u8 flags, size_t len)
{
	bool v6 = kind & V6;
	size_t l3, l4;

	memset(b, 0, 128);
	memcpy(b, (__u8[]){ 2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8 }, 12);
	l3 = link_header(b, kind, (v6 ? 60 : 40) + len);
	l4 = l3 + (v6 ? 40 : 20);
	b[l3] = v6 ? 0x60 : 0x45;
	b[l3 + (v6 ? 6 : 9)] = 6;
	b[l3 + (v6 ? 23 : 15)] = 1;
	b[l3 + (v6 ? 39 : 19)] = 2;
	b[l3 + (v6 ? 4 : 2)] = ((v6 ? 20 : 40) + len) >> 8;
	b[l3 + (v6 ? 5 : 3)] = (v6 ? 20 : 40) + len;
	b[l4] = 0x9c;
	b[l4 + 2] = 1;
	b[l4 + 3] = 0xbb;
	seq = htonl(seq);
	memcpy(b + l4 + 4, &seq, 4);
	b[l4 + 12] = 0x50;
	b[l4 + 13] = flags;
	for (size_t i = 0; i < len; i++)
		b[l4 + 20 + i] = i;
	return l4 + 20 + len;
}

Test(frame, parts_of_a_long_segment)
{
	static __u8 bytes[65536], part[4096];

	for (int kind = 0; kind < KINDS; kind++) {
		size_t len = segment(bytes, kind, 0xfffffff0, FRAME_ACK | FRAME_PSH | FRAME_FIN, 5001);
		struct frame frame, got;

		frame_read(bytes, len, &frame);
		cr_assert_eq(frame.kind, FRAME_TCP);
		cr_assert_eq(frame.payload_len, 5001);
		for (size_t at = 0; at < 5001; at += 2000) {
			size_t take = 5001 - at < 2000 ? 5001 - at : 2000;
			size_t part_len = frame_part(&frame, at, take, part);

			frame_read(part, part_len, &got);
			cr_assert_eq(got.kind, FRAME_TCP);
			cr_expect_eq(got.seq, 0xfffffff0 + (__u32)at);
			cr_expect_eq(got.payload_len, take);
			cr_expect_eq(memcmp(part + got.payload, bytes + frame.payload + at, take), 0);
			cr_expect_eq(got.flags & FRAME_FIN, at == 4000 ? FRAME_FIN : 0);
			check_sums(part, part_len, &got);
		}
	}
}

Test(frame, a_handshake_made_up)
{
	static __u8 bytes[2048], out[FRAME_SYN_ROOM];

	for (int kind = 0; kind < KINDS; kind++) {
		struct frame frame, syn, back;
		__u32 ack = 1000;

		frame_read(bytes, segment(bytes, kind, 1000, FRAME_ACK, 10), &frame);
		frame_read(out, frame_syn(&frame, false, 999, NULL, out), &syn);
		check_sums(out, syn.len, &syn);
		cr_expect(syn.kind == FRAME_TCP && syn.flags == FRAME_SYN && syn.seq == 999 && !syn.payload_len);
		cr_expect(syn.sport == frame.sport && syn.dport == frame.dport && !memcmp(syn.src, frame.src, 16));
		frame_read(out, frame_syn(&frame, true, 77, &ack, out), &back);
		check_sums(out, back.len, &back);
		cr_expect(back.flags == (FRAME_SYN | FRAME_ACK) && back.seq == 77 && back.ack == 1000);
		cr_expect(back.sport == frame.dport && !memcmp(back.src, frame.dst, 16) && !memcmp(back.dst, frame.src, 16));
		cr_expect_eq(out[11], 9);
	}
}

/*
 * Whatever stands in it, at whatever length: no byte behind the end is read, and no part is longer than what there
 * is.
 */
Test(frame, any_bytes)
{
	static __u8 model[256], part[4096];
	size_t len = segment(model, V6 | VLAN | PPPOE, 1, FRAME_ACK, 30);

	srand(1);
	for (int i = 0; i < 20000; i++) {
		size_t cut = rand() % (len + 1);
		__u8 *bytes = exact(model, cut);
		struct frame frame;

		for (int changes = rand() % 4; changes && cut; changes--)
			bytes[rand() % cut] = rand();
		frame_read(bytes, cut, &frame);
		if (frame.kind == FRAME_TCP || frame.kind == FRAME_UDP) {
			cr_assert(frame_headers(&frame) + frame.payload_len <= cut);
			frame_part(&frame, 0, frame.payload_len, part);
		} else {
			cr_assert(frame_part(&frame, 0, 100, part) <= cut);
		}
		free(bytes);
	}
}
