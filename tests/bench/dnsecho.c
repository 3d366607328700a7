// SPDX-License-Identifier: GPL-2.0-or-later
/* A resolver to which every name exists: dnsecho ANSWER. Answers A questions by that address, all others by NODATA. */
#include "../system/dnsmsg.h"
#include "load.h"

#define BATCH 32

static uint8_t msg[BATCH][1500];
static struct sockaddr_in from[BATCH];
static uint8_t record[16] = { 0xc0, DNS_HEADER, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4 };

/* Turns a question into its answer, in place. Returns its length, 0: not a question. */
static size_t answer(uint8_t *m, size_t len)
{
	size_t at = DNS_HEADER;
	int address;

	while (at < len && m[at])
		at += m[at] + 1;
	at += 5; /* root label, type, class */
	if (at > len || dns_is_answer(m))
		return 0;
	address = !m[at - 4] && m[at - 3] == 1;
	m[2] = 0x81;
	m[3] = 0x80;
	memcpy(m + 4, (uint8_t[]){ 0, 1, 0, address, 0, 0, 0, 0 }, 8);
	if (!address)
		return at;
	memcpy(m + at, record, sizeof(record));
	return at + sizeof(record);
}

static int serve(int fd)
{
	struct mmsghdr m[BATCH] = { 0 };
	struct iovec part[BATCH];
	int n, out = 0;

	for (int i = 0; i < BATCH; i++) {
		part[i] = (struct iovec){ msg[i], sizeof(msg[i]) - sizeof(record) };
		m[i].msg_hdr = (struct msghdr){ .msg_iov = &part[i], .msg_iovlen = 1, .msg_name = &from[i],
						.msg_namelen = sizeof(from[i]) };
	}
	n = recvmmsg(fd, m, BATCH, MSG_WAITFORONE, NULL);
	for (int i = 0; i < n; i++) {
		size_t len = answer(msg[i], m[i].msg_len);

		if (!len)
			continue;
		part[out] = (struct iovec){ msg[i], len };
		m[out].msg_hdr = (struct msghdr){ .msg_iov = &part[out], .msg_iovlen = 1, .msg_name = &from[i],
						  .msg_namelen = sizeof(from[i]) };
		out++;
	}
	for (int sent = 0; sent < out;) {
		int more = sendmmsg(fd, m + sent, out - sent, 0);

		sent += more > 0 ? more : 1; /* the one that cannot be sent is left out */
	}
	return n < 0 && errno != EINTR && errno != ECONNREFUSED;
}

int main(int argc, char **argv)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(53) };
	int room = 8 << 20, fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in address = load_address(argc == 2 ? argv[1] : "", 0);

	memcpy(record + 12, &address.sin_addr, 4);
	LOAD_CHECK(fd >= 0 && !bind(fd, (void *)&any, sizeof(any)));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	while (!serve(fd))
		;
	return 1;
}
