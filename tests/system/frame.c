// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A DNS question in a frame made by hand, for tags that this kernel has no devices for:
 *
 *   frame [-t TAG]... [-w MS] INTERFACE ROUTER_MAC SOURCE_IPV4 SERVER_IPV4 NAME
 *
 * -t adds a VLAN tag: one is 802.1Q, of two the outer is 802.1ad. Prints the answer that comes back with the same tags:
 * "NXDOMAIN", "NOERROR 1", or "nothing".
 */
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>
#include "dnsmsg.h"
#include "net.h"

#define FRAME_MAX 1514
#define QUESTION_ID 0x5a17
#define SOURCE_PORT 40053

struct job {
	const char *interface, *name;
	uint8_t router[6], own[6];
	struct in_addr source, server;
	unsigned tag[2];
	int tags, wait_ms, fd;
};

static uint16_t checksum(const uint8_t *bytes, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += bytes[i] << 8 | bytes[i + 1];
	if (len & 1)
		sum += bytes[len - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static void put16(uint8_t *at, unsigned value)
{
	at[0] = value >> 8;
	at[1] = value & 255;
}

/* IPv4 and UDP round `len` bytes that already stand behind the room for both; the UDP checksum is left out. */
static void put_headers(uint8_t *ip, const struct job *job, size_t len)
{
	memset(ip, 0, 28);
	ip[0] = 0x45;
	put16(ip + 2, 28 + len);
	ip[8] = 64;
	ip[9] = IPPROTO_UDP;
	memcpy(ip + 12, &job->source, 4);
	memcpy(ip + 16, &job->server, 4);
	put16(ip + 10, checksum(ip, 20));
	put16(ip + 20, SOURCE_PORT);
	put16(ip + 22, 53);
	put16(ip + 24, 8 + len);
}

static size_t make_frame(uint8_t *frame, const struct job *job)
{
	uint8_t *at = frame + 12;
	size_t len;

	memcpy(frame, job->router, 6);
	memcpy(frame + 6, job->own, 6);
	for (int i = 0; i < job->tags; i++, at += 4) {
		put16(at, i + 1 < job->tags ? ETH_P_8021AD : ETH_P_8021Q);
		put16(at + 2, job->tag[i]);
	}
	put16(at, ETH_P_IP);
	at += 2;
	len = dns_question(at + 28, QUESTION_ID, job->name, 1);
	put_headers(at, job, len);
	return at + 28 + len - frame;
}

/* The innermost tags stand in the bytes; the outermost was taken off by the kernel and comes beside them. */
static int tags_of(const uint8_t *frame, const struct msghdr *msg, unsigned tag[2], const uint8_t **payload)
{
	int tags = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR((struct msghdr *)msg, c)) {
		const struct tpacket_auxdata *aux = (const void *)CMSG_DATA(c);

		if (c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA && aux->tp_status & TP_STATUS_VLAN_VALID)
			tag[tags++] = aux->tp_vlan_tci & 0xfff;
	}
	for (*payload = frame + 12; tags < 2 && ((*payload)[0] << 8 | (*payload)[1]) != ETH_P_IP; *payload += 4) {
		unsigned type = (*payload)[0] << 8 | (*payload)[1];

		if (type != ETH_P_8021Q && type != ETH_P_8021AD)
			return -1;
		tag[tags++] = ((*payload)[2] << 8 | (*payload)[3]) & 0xfff;
	}
	*payload += 2;
	return tags;
}

/* 1 when the answer came and was printed. */
static int read_frame(const struct job *job)
{
	union { char bytes[256]; struct cmsghdr align; } control;
	static uint8_t frame[FRAME_MAX + 64];
	struct iovec io = { frame, FRAME_MAX };
	struct msghdr msg = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control) };
	const uint8_t *ip, *dns;
	unsigned tag[2] = { 0 };

	if (recvmsg(job->fd, &msg, 0) < 12 + 2 + 28 + DNS_HEADER || memcmp(frame, job->own, 6))
		return 0;
	if (tags_of(frame, &msg, tag, &ip) != job->tags || memcmp(tag, job->tag, sizeof(tag)))
		return 0;
	dns = ip + 28;
	if (ip[0] != 0x45 || ip[9] != IPPROTO_UDP || (ip[22] << 8 | ip[23]) != SOURCE_PORT || dns_id(dns) != QUESTION_ID)
		return 0;
	if (dns_rcode(dns) == DNS_NXDOMAIN)
		puts("NXDOMAIN");
	else
		printf("%s %d\n", dns_rcode(dns) ? "other" : "NOERROR", dns_answers(dns));
	return 1;
}

static int open_interface(struct job *job)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	struct ifreq request = { 0 };
	int one = 1;

	job->fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	at.sll_ifindex = if_nametoindex(job->interface);
	strncpy(request.ifr_name, job->interface, IFNAMSIZ - 1);
	if (job->fd < 0 || ioctl(job->fd, SIOCGIFHWADDR, &request) || bind(job->fd, (void *)&at, sizeof(at)) ||
	    setsockopt(job->fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)))
		return -errno;
	memcpy(job->own, request.ifr_hwaddr.sa_data, 6);
	return 0;
}

static int ask(const struct job *job)
{
	uint8_t frame[FRAME_MAX];
	size_t len = make_frame(frame, job);
	struct pollfd p = { .fd = job->fd, .events = POLLIN };
	double end = now_ms() + job->wait_ms;

	if (send(job->fd, frame, len, 0) < 0)
		return -errno;
	while (now_ms() < end)
		if (poll(&p, 1, end - now_ms() + 1) > 0 && read_frame(job))
			return 0;
	puts("nothing");
	return 0;
}

int main(int argc, char **argv)
{
	struct job job = { .wait_ms = 1000 };
	int c, err;

	while ((c = getopt(argc, argv, "t:w:")) != -1) {
		if (c == 't' && job.tags < 2)
			job.tag[job.tags++] = atoi(optarg);
		else if (c == 'w')
			job.wait_ms = atoi(optarg);
		else
			return 2;
	}
	if (argc - optind != 5 ||
	    sscanf(argv[optind + 1], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &job.router[0], &job.router[1], &job.router[2],
		   &job.router[3], &job.router[4], &job.router[5]) != 6 ||
	    !inet_aton(argv[optind + 2], &job.source) || !inet_aton(argv[optind + 3], &job.server)) {
		fprintf(stderr, "usage: frame [-t TAG]... [-w MS] INTERFACE ROUTER_MAC SOURCE SERVER NAME\n");
		return 2;
	}
	job.interface = argv[optind];
	job.name = argv[optind + 4];
	err = open_interface(&job);
	if (!err)
		err = ask(&job);
	if (err)
		fprintf(stderr, "frame: %s\n", strerror(-err));
	return err ? 1 : 0;
}
