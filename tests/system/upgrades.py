#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Servers that go over to TLS in the middle of a connection: upgrades.py CERTIFICATE, with its key in the same file.

Each listens on the port of its protocol, IPv4 and IPv6, says what that protocol must say until then, and under TLS
"reached NAME", the name that it was asked for."""
import socketserver
import ssl
import sys
import threading

MYSQL = b"\x0a8.0\0" + b"\1\0\0\0saltsalt\0" + b"\xff\xff\x21\2\0\xff\xff\x15" + bytes(10) + b"saltsaltsalt\0"
STREAM = b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' id='1' version='1.0' " \
    b"xmlns:stream='http://etherx.jabber.org/streams'>"
STARTTLS = b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
PROXIED = 8444  # behind a line of the PROXY protocol
# What the server says first, and then: what must have come (or how many bytes), what it answers.
PROTOCOLS = {
    21: (b"220 ready\r\n", (b"AUTH TLS\r\n", b"234 go\r\n")),
    24: (b"220 ready\r\n", (b"LHLO", b""), (b"\r\n", b"250-here\r\n250 STARTTLS\r\n"), (b"STARTTLS\r\n", b"220 go\r\n")),
    110: (b"+OK ready\r\n", (b"STLS\r\n", b"+OK go\r\n")),
    119: (b"200 ready\r\n", (b"CAPABILITIES\r\n", b"101 list\r\nSTARTTLS\r\n.\r\n"), (b"STARTTLS\r\n", b"382 go\r\n")),
    143: (b"* OK ready\r\n", (b"CAPABILITY\r\n", b"* CAPABILITY STARTTLS\r\n. OK\r\n"), (b"STARTTLS\r\n", b". OK go\r\n")),
    389: (b"", (b"1.3.6.1.4.1.1466.20037", b"\x30\x0c\2\1\1\x78\7\x0a\1\0\4\0\4\0")),
    587: (b"220 ready\r\n", (b"EHLO", b""), (b"\r\n", b"250-here\r\n250 STARTTLS\r\n"), (b"STARTTLS\r\n", b"220 go\r\n")),
    3306: (len(MYSQL).to_bytes(3, "little") + b"\0" + MYSQL, (36, b"")),
    4190: (b'"STARTTLS"\r\nOK ready\r\n', (b"STARTTLS\r\n", b"OK go\r\n")),
    5222: (b"", (b"version='1.0'>", STREAM + b"<stream:features>" + STARTTLS + b"</stream:features>"),
           (b"/>", b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")),
    5432: (b"", (8, b"S")),
    PROXIED: (b"", (b"\r\n", b"")),
}


class Handler(socketserver.BaseRequestHandler):
    def wait_for(self, what):
        seen = b""
        while len(seen) < what if isinstance(what, int) else not seen.endswith(what):
            byte = self.request.recv(1)  # not one that belongs to TLS
            if not byte:
                raise EOFError
            seen += byte

    def handle(self):
        greeting, *turns = PROTOCOLS[self.server.server_address[1]]
        try:
            self.request.sendall(greeting)
            for what, answer in turns:
                self.wait_for(what)
                self.request.sendall(answer)
            with self.server.tls.wrap_socket(self.request, server_side=True) as tls:
                if self.server.server_address[1] == PROXIED:
                    tls.recv(4096)  # curl asks before it listens
                tls.sendall(b"reached %s\n" % getattr(tls.context, "asked", "nobody").encode())
        except (OSError, EOFError):
            pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64


class Server6(Server):
    address_family = socketserver.socket.AF_INET6


def context(certificate):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate)
    return made


def main(certificate):
    def asked(sock, name, _):
        sock.context = context(certificate)
        sock.context.asked = name or "nobody"

    for port in PROTOCOLS:
        for kind, address in (Server, "203.0.113.80"), (Server6, "2001:db8:3::80"):
            server = kind((address, port), Handler)
            server.tls = context(certificate)
            server.tls.sni_callback = asked
            threading.Thread(target=server.serve_forever).start()
    print("ready", flush=True)


main(sys.argv[1])
