/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shapes of tunnels: what begins one, on every prefix and with every bit changed that makes it special. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "parse.h"
#include "tunnel.h"

struct sample {
	const char *what;
	__u16 port; /* 0: any */
	int reason;
	const char *hex; /* "..": a byte of any value; "*N,": the one before N times more */
	__u32 whole;     /* more bytes follow of any value */
};

#define ANY8 "..*7,"
#define SPI "1122334455667788"
#define ISAKMP(version, exchange, length) SPI ANY8 ".." version exchange ".." "00000000" length
#define TEREDO_HEAD "6000000000403b80"

static const struct sample datagrams[] = {
	{ "WireGuard, a handshake", 0, ESAFE_R_WIREGUARD, "01000000" ANY8, 148 },
	{ "WireGuard, its answer", 0, ESAFE_R_WIREGUARD, "02000000" ANY8, 92 },
	{ "WireGuard, still alive", 0, ESAFE_R_WIREGUARD, "04000000" "........" "0100000000000000", 32 },
	{ "WireGuard, data", 0, ESAFE_R_WIREGUARD, "04000000" "........" "ffffffff00000000", 1456 },
	{ "OpenVPN, plain", 0, ESAFE_R_OPENVPN, "38" SPI "0000000000", 14 },
	{ "OpenVPN, version 1", 0, ESAFE_R_OPENVPN, "08" SPI "0000000000", 14 },
	{ "OpenVPN, tls-auth MD5", 0, ESAFE_R_OPENVPN, "38" SPI "..*15," "00000001" "65000000" "0000000000", 38 },
	{ "OpenVPN, tls-auth SHA1", 0, ESAFE_R_OPENVPN, "38" SPI "..*19," "00000001" "65000000" "0000000000", 42 },
	{ "OpenVPN, tls-auth SHA256", 0, ESAFE_R_OPENVPN, "38" SPI "..*31," "00000001" "65000000" "0000000000", 54 },
	{ "OpenVPN, tls-auth SHA512", 0, ESAFE_R_OPENVPN, "38" SPI "..*63," "00000003" "65000000" "0000000000", 86 },
	{ "OpenVPN, tls-crypt", 0, ESAFE_R_OPENVPN, "38" SPI "00000001" "65000000" "..*36,", 54 },
	{ "OpenVPN, tls-crypt of 2.6", 0, ESAFE_R_OPENVPN, "38" SPI "0f000001" "65000000" "..*36,", 54 },
	{ "OpenVPN, tls-crypt-v2", 0, ESAFE_R_OPENVPN, "50" SPI "0f000001" "65000000" "..*36,", 427 },
	{ "IKE version 2", 0, ESAFE_R_IPSEC, ISAKMP("20", "22", "000001c8"), 0x1c8 },
	{ "IKE version 1, main mode", 500, ESAFE_R_IPSEC, ISAKMP("10", "02", "000000a0"), 0xa0 },
	{ "IKE version 1, aggressive", 500, ESAFE_R_IPSEC, ISAKMP("10", "04", "000000a0"), 0xa0 },
	{ "IKE behind a NAT", 4500, ESAFE_R_IPSEC, "00000000" ISAKMP("20", "23", "000001c8"), 0x1cc },
	{ "ESP in UDP", 4500, ESAFE_R_IPSEC, "c0ffee01" "00000001" ANY8, 132 },
	{ "L2TP, start", 0, ESAFE_R_L2TP, "c802" "0064" "0000000000000000" "800800000000" "0001", 100 },
	{ "L2TP version 3, start", 0, ESAFE_R_L2TP, "c803" "0064" "0000000000000000" "800800000000" "0001", 100 },
	{ "L2TP, data", 1701, ESAFE_R_L2TP, "0002" "00010001" ANY8, 100 },
	{ "Teredo", 3544, ESAFE_R_TEREDO, TEREDO_HEAD ANY8, 104 },
	{ "Teredo, with an indication", 3544, ESAFE_R_TEREDO, "0001" "0000" ANY8 "00" TEREDO_HEAD, 117 },
	{ "Teredo, anywhere", 0, ESAFE_R_TEREDO, TEREDO_HEAD "20010000" "..*11," "20010db8" "....", 104 },
	{ "Teredo, to one of them", 0, ESAFE_R_TEREDO, TEREDO_HEAD "20010db8" "..*11," "20010000" "....", 104 },
	{ "a bubble", 0, ESAFE_R_TEREDO, "6000000000003b15" "fe800000" "..*11," "20010000" "....", 40 },
};

static const struct sample innocent[] = {
	{ "a question for a name", 53, TUNNEL_NONE, "010000000001000000000000" "03777777" "07" "..*6,", 148 },
	{ "a question for the root", 53, TUNNEL_NONE, "040000000001000000000000" "0000010001", 17 },
	{ "STUN", 3478, TUNNEL_NONE, "00010000" "2112a442" "..*11,", 20 },
	{ "STUN, a keep-alive", 3478, TUNNEL_NONE, "00110000" "2112a442" "..*11,", 20 },
	{ "TURN channel data", 3478, TUNNEL_NONE, "40000020" ANY8, 36 },
	{ "DTLS", 443, TUNNEL_NONE, "16fefd0000000000000000" ANY8, 200 },
	{ "RTP", 50000, TUNNEL_NONE, "80080001" ANY8, 172 },
	{ "RTCP", 50001, TUNNEL_NONE, "80c90007" ANY8, 32 },
	{ "NTP", 123, TUNNEL_NONE, "23000000" ANY8, 48 },
	{ "SNMP", 161, TUNNEL_NONE, "302902010104067075626c6963" ANY8, 43 },
	{ "SIP", 5060, TUNNEL_NONE, "4f5054494f4e53207369703a" ANY8, 400 },
	{ "NetBIOS", 137, TUNNEL_NONE, "8001011000010000000000002043", 50 },
	{ "QUIC, a short header", 443, TUNNEL_NONE, "6512003455667788" "..*23,", 1200 },
	{ "QUIC, a long header", 443, TUNNEL_NONE, "c00000000108" SPI "00", 1200 },
	{ "still there", 4500, TUNNEL_NONE, "ff", 1 },
	{ "a question on the port of IKE", 4500, TUNNEL_NONE, "00000000" "..*7," "..*30,", 60 },
	{ "zeros", 0, TUNNEL_NONE, "00*63,", 64 },
	{ "zeros behind one bit", 0, TUNNEL_NONE, "38" "00*12,", 14 },
	{ "another length than WireGuard's", 0, TUNNEL_NONE, "01000000" ANY8, 147 },
	{ "data that is no whole block", 0, TUNNEL_NONE, "04000000" "........" "0100000000000000", 40 },
	{ "nothing", 0, TUNNEL_NONE, "", 0 },
};

static const struct sample streams[] = {
	{ "SSH", 0, ESAFE_R_SSH, "5353482d" "322e302d", 0 },
	{ "PPTP", 0, ESAFE_R_PPTP, "009c0001" "1a2b3c4d", 0 },
	{ "OpenVPN, plain", 0, ESAFE_R_OPENVPN, "000e" "38" SPI "0000000000", 0 },
	{ "OpenVPN, tls-auth SHA1", 0, ESAFE_R_OPENVPN, "002a" "38" SPI "..*19," "00000001" "65000000" "0000000000", 0 },
	{ "OpenVPN, tls-auth SHA512", 0, ESAFE_R_OPENVPN, "0056" "38" SPI "..*63," "00000001" "65000000" "0000000000", 0 },
	{ "OpenVPN, tls-crypt", 0, ESAFE_R_OPENVPN, "0036" "38" SPI "00000001" "65000000" "..*36,", 0 },
	{ "OpenVPN, tls-crypt-v2", 0, ESAFE_R_OPENVPN, "01ab" "50" SPI "0f000001", 0 },
	{ "HTTP", 0, TUNNEL_NONE, "474554202f", 0 },
	{ "HTTP, a method of like letters", 0, TUNNEL_NONE, "5355425343", 0 },
	{ "mail", 0, TUNNEL_NONE, "45484c4f20", 0 },
	{ "SMB", 0, TUNNEL_NONE, "000000a4ff534d42", 0 },
	{ "LDAP", 0, TUNNEL_NONE, "300c020101", 0 },
	{ "RTMP", 0, TUNNEL_NONE, "03000000", 0 },
	{ "Remote Desktop", 0, TUNNEL_NONE, "0300002b26e0", 0 },
	{ "PostgreSQL", 0, TUNNEL_NONE, "0000000804d2162f", 0 },
	{ "MQTT", 0, TUNNEL_NONE, "101000044d515454", 0 },
};

/* The whole of what a client has said: SOCKS is told by it, not by a start of it. */
static const struct sample greetings[] = {
	{ "SOCKS 5", 0, ESAFE_R_SOCKS, "050100", 0 },
	{ "SOCKS 5, a log-in", 0, ESAFE_R_SOCKS, "05020002", 0 },
	{ "SOCKS 5, GSSAPI", 0, ESAFE_R_SOCKS, "05020100", 0 },
	{ "SOCKS 5, more than there are", 0, ESAFE_R_SOCKS, "0508ff80030506070802", 0 },
	{ "SOCKS 5, the request at once", 0, ESAFE_R_SOCKS, "050100" "05010003" "03", 0 },
	{ "SOCKS 5, a byte of it", 0, ESAFE_R_SOCKS, "050100" "05", 0 },
	{ "SOCKS 5, the log-in at once", 0, ESAFE_R_SOCKS, "050102" "01" "036162630378797a", 0 },
	{ "SOCKS 4", 0, ESAFE_R_SOCKS, "0401" "01bb" "cb007150" "00", 0 },
	{ "SOCKS 4, to bind", 0, ESAFE_R_SOCKS, "0402" "01bb" "cb007150" "6d6500", 0 },
	{ "SOCKS 4, TLS behind it", 0, ESAFE_R_SOCKS, "0401" "01bb" "cb007150" "6d6500" "160301", 0 },
	{ "SOCKS 4a", 0, ESAFE_R_SOCKS, "0401" "01bb" "00000001" "00" "6d61696c2e6578616d706c6500", 0 },
	{ "SOCKS 4, somebody with a long name", 0, ESAFE_R_SOCKS, "0401" "01bb" "cb007150" "61*99,", 0 },
	{ "half of SOCKS 5", 0, TUNNEL_MORE, "050300", 0 },
	{ "half of SOCKS 4", 0, TUNNEL_MORE, "0401" "01bb" "cb007150", 0 },
	{ "SOCKS 4a without the name", 0, TUNNEL_MORE, "0401" "01bb" "00000001" "00", 0 },
	{ "SOCKS 5, no method", 0, TUNNEL_NONE, "0500", 0 },
	{ "no method of SOCKS 5", 0, TUNNEL_NONE, "05020304", 0 },
	{ "something that only begins like SOCKS 5", 0, TUNNEL_NONE, "050100" "00", 0 },
	{ "something else", 0, TUNNEL_NONE, "050100" "0504", 0 },
	{ "no request of SOCKS 5", 0, TUNNEL_NONE, "050100" "0500", 0 },
	{ "no log-in", 0, TUNNEL_NONE, "050102" "0100", 0 },
	{ "DCE/RPC", 0, TUNNEL_NONE, "05000b0310000000", 0 },
	{ "DNP3", 0, TUNNEL_NONE, "056405c00100", 0 },
	{ "Cassandra", 0, TUNNEL_NONE, "040100000500000000", 0 },
	{ "EtherNet/IP", 0, TUNNEL_NONE, "040000000000000000", 0 },
	{ "SOCKS 4 to port 0", 0, TUNNEL_NONE, "0401" "0000" "cb007150" "00", 0 },
	{ "SOCKS 4 to multicast", 0, TUNNEL_NONE, "0401" "01bb" "e0000001" "00", 0 },
	{ "SOCKS 4 to nowhere", 0, TUNNEL_NONE, "0401" "01bb" "00000100" "00", 0 },
	{ "SOCKS 4, a name that is none", 0, TUNNEL_NONE, "0401" "01bb" "cb007150" "6d0a00", 0 },
	{ "SOCKS 4, another command", 0, TUNNEL_NONE, "0403" "01bb" "cb007150" "00", 0 },
};

/* The bytes of the sample; those that may be anything are of the dice, and never zero. Returns how many. */
static __u32 make(const struct sample *sample, __u8 *out)
{
	__u32 len = 0, more;
	int used;

	for (const char *at = sample->hex; *at; at += used) {
		unsigned byte = 1 + dice() % 255;

		if (sscanf(at, "*%u,%n", &more, &used) == 1) {
			for (int any = at[-1] == '.'; more; more--, len++)
				out[len] = any ? 1 + dice() % 255 : out[len - 1];
			continue;
		}
		used = 2;
		if (*at != '.')
			sscanf(at, "%2x", &byte);
		out[len++] = byte;
	}
	while (len < sample->whole)
		out[len++] = 1 + dice() % 255;
	return len;
}

static int look(const __u8 *bytes, __u32 whole, __u32 have, __u32 port)
{
	__u8 *copy = exact(bytes, have < TUNNEL_ROOM ? have : TUNNEL_ROOM);
	int found = tunnel_datagram(copy, have < TUNNEL_ROOM ? have : TUNNEL_ROOM, whole, port);

	free(copy);
	return found;
}

Test(tunnel, datagrams)
{
	static const __u16 ports[] = { 53, 443, 853, 500, 51820, 1194, 40000 };
	__u8 bytes[2048];

	for (size_t i = 0; i < ROWS(datagrams); i++)
		for (int round = 0; round < 50; round++) {
			const struct sample *s = &datagrams[i];
			__u32 len = make(s, bytes), port = s->port ? s->port : ports[round % ROWS(ports)];

			cr_assert_eq(look(bytes, len, len, port), s->reason, "%s, port %u", s->what, port);
			if (s->whole)
				cr_assert_eq(len, s->whole, "%s", s->what);
		}
}

/* A cut message is another message, or one of which a fragment shows less: nothing behind what is there is read. */
Test(tunnel, every_prefix)
{
	__u8 bytes[2048];

	for (size_t i = 0; i < ROWS(datagrams); i++) {
		__u32 len = make(&datagrams[i], bytes);

		for (__u32 have = 0; have < len; have++) {
			look(bytes, have, have, datagrams[i].port);
			look(bytes, len, have, datagrams[i].port);
		}
	}
}

Test(tunnel, innocent)
{
	__u8 bytes[2048];

	for (size_t i = 0; i < ROWS(innocent); i++)
		for (int round = 0; round < 200; round++) {
			__u32 len = make(&innocent[i], bytes);

			cr_assert_eq(look(bytes, len, len, innocent[i].port), TUNNEL_NONE, "%s", innocent[i].what);
		}
}

/* Bytes at random, of the lengths and with the first bytes that are most like tunnels. */
Test(tunnel, chance)
{
	static const __u16 lengths[] = { 14, 32, 38, 42, 54, 86, 92, 96, 148, 160, 427, 1200 };
	static const __u8 first[] = { 1, 2, 4, 8, 0x38, 0x50, 0x60, 0xc8 };
	__u8 bytes[2048];
	int found = 0;

	for (int round = 0; round < 400000; round++) {
		__u32 len = lengths[dice() % ROWS(lengths)];

		for (__u32 i = 0; i < len && i < TUNNEL_ROOM; i++)
			bytes[i] = dice();
		bytes[0] = first[dice() % ROWS(first)];
		found += tunnel_datagram(bytes, len < TUNNEL_ROOM ? len : TUNNEL_ROOM, len, 40000) != TUNNEL_NONE;
	}
	cr_assert_eq(found, 0, "%d", found);
}

/* The verdict falls with the byte that completes the shape, and does not change with what comes behind. */
Test(tunnel, streams)
{
	__u8 bytes[512];

	for (size_t i = 0; i < ROWS(streams); i++)
		for (int round = 0; round < 50; round++) {
			const struct sample *s = &streams[i];
			__u32 len = make(s, bytes);
			int found = TUNNEL_MORE;

			for (__u32 have = 1; have <= len && found == TUNNEL_MORE; have++) {
				__u8 *copy = exact(bytes, have);

				found = tunnel_stream(copy, have);
				free(copy);
			}
			if (s->reason == ESAFE_R_OPENVPN && len < 16)
				continue;
			cr_assert_eq(found, s->reason, "%s: %d", s->what, found);
			cr_assert_eq(tunnel_stream(bytes, len), s->reason, "%s", s->what);
			memset(bytes + len, round, TUNNEL_STREAM - len);
			cr_assert_eq(tunnel_stream(bytes, TUNNEL_STREAM), s->reason, "%s", s->what);
		}
}

Test(tunnel, greetings)
{
	__u8 bytes[512];

	for (size_t i = 0; i < ROWS(greetings); i++) {
		__u32 len = make(&greetings[i], bytes);

		for (__u32 have = 1; have <= len && have <= TUNNEL_STREAM; have++) {
			__u8 *copy = exact(bytes, have);
			int found = tunnel_socks(copy, have);

			free(copy);
			if (have == len || have == TUNNEL_STREAM)
				cr_expect_eq(found, greetings[i].reason, "%s: %d", greetings[i].what, found);
		}
	}
	for (size_t i = 0; i < ROWS(streams); i++) {
		__u32 len = make(&streams[i], bytes);

		cr_expect_eq(tunnel_socks(bytes, len), TUNNEL_NONE, "%s", streams[i].what);
	}
}

Test(tunnel, protocols)
{
	static const struct { int protocol, reason; } rows[] = {
		{ 50, ESAFE_R_IPSEC }, { 51, ESAFE_R_IPSEC }, { 47, ESAFE_R_GRE }, { 4, ESAFE_R_IP_IN_IP },
		{ 41, ESAFE_R_IP_IN_IP }, { 97, ESAFE_R_IP_IN_IP }, { 115, ESAFE_R_L2TP }, { 132, ESAFE_R_PROTOCOL },
		{ 33, ESAFE_R_PROTOCOL }, { 136, ESAFE_R_PROTOCOL }, { 59, ESAFE_R_PROTOCOL }, { 255, ESAFE_R_PROTOCOL },
	};

	for (size_t i = 0; i < ROWS(rows); i++)
		cr_assert_eq(tunnel_protocol(rows[i].protocol), rows[i].reason, "%d", rows[i].protocol);
}
