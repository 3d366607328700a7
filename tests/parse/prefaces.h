/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What clients of many protocols say before they go over to TLS, turn by turn. */
#ifndef PREFACES_H
#define PREFACES_H

#include <string.h>

#define PREFACE_TURNS 3
#define TURN(bytes) { bytes, sizeof(bytes) - 1 }
#define XMPP_STREAMS "http://etherx.jabber.org/streams"
#define XMPP_OPEN "<stream:stream xmlns='jabber:client' xmlns:stream='" XMPP_STREAMS "' to='chat.example'>"

static const struct preface {
	const char *what;
	unsigned short port;
	struct {
		const char *bytes;
		unsigned len;
	} turn[PREFACE_TURNS];
} prefaces[] = {
	{ "SMTP", 587, { TURN("EHLO device12.example\r\n"), TURN("STARTTLS\r\n") } },
	{ "LMTP", 24, { TURN("LHLO device12.example\r\n"), TURN("STARTTLS\r\n") } },
	{ "IMAP", 143, { TURN("a001 CAPABILITY\r\n"), TURN("a002 STARTTLS\r\n") } },
	{ "POP3", 110, { TURN("CAPA\r\n"), TURN("STLS\r\n") } },
	{ "FTP", 21, { TURN("AUTH TLS\r\n") } },
	{ "NNTP", 119, { TURN("CAPABILITIES\r\n"), TURN("STARTTLS\r\n") } },
	{ "ManageSieve", 4190, { TURN("STARTTLS\r\n") } },
	{ "IRC", 6667, { TURN("CAP LS 302\r\n"), TURN("STARTTLS\r\n") } },
	{ "XMPP", 5222, { TURN("<?xml version='1.0'?>" XMPP_OPEN),
			  TURN("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>") } },
	{ "LDAP", 389, { TURN("\x30\x1d\x02\x01\x01\x77\x18\x80\x16" "1.3.6.1.4.1.1466.20037") } },
	{ "PostgreSQL", 5432, { TURN("\0\0\0\x08\x04\xd2\x16\x2f") } },
	{ "MySQL", 3306, { TURN("\x20\0\0\1\x85\xae\xff\x19\0\0\0\1\x21" "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0") } },
	{ "ADB", 5555, { TURN("CNXN\1\0\0\1\0\0\x10\0\x0b\0\0\0\xa4\3\0\0\xbc\xb1\xa7\xb1host::port=1"),
			 TURN("STLS\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\xac\xab\xb3\xac") } },
	{ "Remote Desktop", 3389, { TURN("\3\0\0\x13\x0e\xe0\0\0\0\0\0\1\0\x08\0\3\0\0\0") } },
	{ "SOCKS 5", 1080, { TURN("\5\1\0"), TURN("\5\1\0\3\x0cmail.example\1\xbb") } },
	{ "SOCKS 4", 1080, { TURN("\4\1\1\xbb\xcb\0\x71\x50\0") } },
	{ "SOCKS 4a", 1080, { TURN("\4\1\1\xbb\0\0\0\1me\0mail.example\0") } },
	{ "PROXY version 1", 443, { TURN("PROXY TCP4 192.0.2.1 203.0.113.80 40000 443\r\n") } },
	{ "PROXY version 2", 443, { TURN("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\2\1\xcb\0\x71\x50\x9c\x40\1\xbb") } },
};
#define PREFACES (sizeof(prefaces) / sizeof(prefaces[0]))

/* All of it, one turn behind the other. Returns its length. */
static inline unsigned preface_put(const struct preface *p, unsigned char *out)
{
	unsigned len = 0;

	for (int i = 0; i < PREFACE_TURNS; i++) {
		memcpy(out + len, p->turn[i].bytes ? p->turn[i].bytes : "", p->turn[i].len);
		len += p->turn[i].len;
	}
	return len;
}

#endif
