// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes a capture of a pupil (02:...:11) and a member of staff (02:...:12) to standard output: each asks for NAME,
 * then each opens a TLS connection to it whose ClientHello comes in two segments, the pupil's in the wrong order, and
 * the one of staff without its handshake. One ARP packet is between. With "mirrored", all of it comes once more, inside
 * of VXLAN, as a switch sends what it mirrors.
 *   pcap NAME [SECONDS-SINCE-1970 [mirrored]]
 */
#include <stdio.h>

#include "clienthello.h"
#include "dnsmsg.h"

#define ISN 1000
#define CUT 700

static uint32_t at;
static int mirrored;

static void put16(uint8_t *b, unsigned value)
{
	b[0] = value >> 8;
	b[1] = value & 255;
}

static void put32(uint8_t *b, uint32_t value)
{
	put16(b, value >> 16);
	put16(b + 2, value & 0xffff);
}

static void write_packet(const uint8_t *bytes, uint32_t len)
{
	/* from one switch to another */
	uint8_t around[50] = { 2, 0, 0, 0, 0, 0x21, 2, 0, 0, 0, 0, 0x20, 8, 0, 0x45, [22] = 64, 17, 0, 0,
			       192, 0, 2, 0x20, 192, 0, 2, 0x21, 0xd0, 0, 4789 >> 8, 4789 & 255, [42] = 8 };
	uint32_t extra = mirrored ? sizeof(around) : 0, header[4] = { at++, 0, extra + len, extra + len };

	put16(around + 16, sizeof(around) - 14 + len);
	put16(around + 38, sizeof(around) - 34 + len);
	fwrite(header, sizeof(header), 1, stdout);
	fwrite(around, extra, 1, stdout);
	fwrite(bytes, len, 1, stdout);
}

/* Ethernet and IPv4 (checksums are nobody's business here) around `len` bytes of TCP or UDP. */
static void write_ipv4(uint8_t host, int back, uint8_t proto, const uint8_t *l4, uint32_t len)
{
	static const uint8_t gateway[6] = { 2, 0, 0, 0, 0, 1 };
	uint8_t mac[6] = { 2, 0, 0, 0, 0, host }, device[4] = { 192, 0, 2, host }, server[4] = { 203, 0, 113, 80 };
	uint8_t b[2048] = { 0 };

	memcpy(b, back ? mac : gateway, 6);
	memcpy(b + 6, back ? gateway : mac, 6);
	put16(b + 12, 0x0800);
	b[14] = 0x45;
	put16(b + 16, 20 + len);
	b[22] = 64;
	b[23] = proto;
	memcpy(b + 26, back ? server : device, 4);
	memcpy(b + 30, back ? device : server, 4);
	memcpy(b + 34, l4, len);
	write_packet(b, 34 + len);
}

static void write_question(uint8_t host, const char *name)
{
	uint8_t b[8 + DNS_QUESTION_MAX] = { 0 };
	size_t len = 8 + dns_question(b + 8, 7, name, 1);

	put16(b, 40000);
	put16(b + 2, 53);
	put16(b + 4, len);
	write_ipv4(host, 0, 17, b, len);
}

static void write_segment(uint8_t host, int back, uint8_t flags, uint32_t seq, uint32_t ack, const uint8_t *data,
			  uint32_t len)
{
	uint8_t b[2000] = { 0 };

	put16(b, back ? 443 : 41000);
	put16(b + 2, back ? 41000 : 443);
	put32(b + 4, seq);
	put32(b + 8, ack);
	b[12] = 0x50;
	b[13] = flags;
	put16(b + 14, 64000);
	if (len)
		memcpy(b + 20, data, len);
	write_ipv4(host, back, 6, b, 20 + len);
}

static void write_all(const char *name)
{
	static const uint8_t arp[42] = { 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 0x11, 8, 6 };
	static struct hello hello;

	write_question(0x11, name);
	write_question(0x12, name);
	write_packet(arp, sizeof(arp));
	hello_make(&hello, name, 1);
	write_segment(0x11, 0, 2, ISN, 0, NULL, 0);
	write_segment(0x11, 1, 18, 5000, ISN + 1, NULL, 0);
	write_segment(0x11, 0, 16, ISN + 1 + CUT, 5001, hello.bytes + CUT, hello.len - CUT);
	write_segment(0x11, 0, 16, ISN + 1, 5001, hello.bytes, CUT);
	write_segment(0x12, 0, 16, ISN + 1, 5001, hello.bytes, CUT);
	write_segment(0x12, 0, 16, ISN + 1 + CUT, 5001, hello.bytes + CUT, hello.len - CUT);
}

int main(int argc, char **argv)
{
	static const uint32_t file[6] = { 0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65535, 1 };

	if (argc < 2)
		return 2;
	at = argc > 2 ? strtoul(argv[2], NULL, 10) : 1700000000;
	fwrite(file, sizeof(file), 1, stdout);
	write_all(argv[1]);
	mirrored = argc > 3;
	if (mirrored)
		write_all(argv[1]);
	return fflush(stdout) ? 1 : 0;
}
