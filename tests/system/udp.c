// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sends one datagram, whatever its bytes, and prints the answer in hexadecimal, "refused" (by ICMP) or "nothing":
 *
 *   udp [-w MS] ADDRESS PORT HEX
 */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>
#include "net.h"

#define DATAGRAM_MAX 1400

static int from_hex(const char *text, uint8_t *out)
{
	int len = 0, used = 0;
	unsigned byte;

	for (; *text && len < DATAGRAM_MAX; text += used) {
		if (sscanf(text, "%2x%n", &byte, &used) != 1)
			return -1;
		out[len++] = byte;
	}
	return len;
}

int main(int argc, char **argv)
{
	struct sockaddr_storage server;
	uint8_t bytes[4096];
	int wait_ms = 1000, len, c;
	struct pollfd p = { .events = POLLIN };
	ssize_t got;

	while ((c = getopt(argc, argv, "w:")) == 'w')
		wait_ms = atoi(optarg);
	if (c != -1 || argc - optind != 3 || (len = from_hex(argv[optind + 2], bytes)) < 0 ||
	    server_address(&server, argv[optind], argv[optind + 1])) {
		fprintf(stderr, "usage: udp [-w MS] ADDRESS PORT HEX\n");
		return 2;
	}
	p.fd = socket(server.ss_family, SOCK_DGRAM, 0);
	if (connect(p.fd, (void *)&server, sizeof(server)) || send(p.fd, bytes, len, 0) != len) {
		perror("udp");
		return 1;
	}
	got = poll(&p, 1, wait_ms) > 0 ? recv(p.fd, bytes, sizeof(bytes), 0) : -1;
	if (got < 0) {
		puts(p.revents && errno == ECONNREFUSED ? "refused" : "nothing");
		return 0;
	}
	for (ssize_t i = 0; i < got; i++)
		printf("%02x", bytes[i]);
	putchar('\n');
	return 0;
}
