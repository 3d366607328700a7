// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture.h"
#include "linktype.h"

struct capture {
	pcap_t *pcap;
};

static FILE *open_file(int fd, char *problem)
{
	FILE *file = NULL;
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		snprintf(problem, CAPTURE_PROBLEM, "not a plain file");
	else
		file = fdopen(fd, "r");
	if (!file) {
		if (!*problem)
			snprintf(problem, CAPTURE_PROBLEM, "%s", strerror(errno));
		close(fd);
	}
	return file;
}

int capture_open(int fd, struct capture **out, char problem[CAPTURE_PROBLEM])
{
	struct capture *capture = calloc(1, sizeof(*capture));
	char error[PCAP_ERRBUF_SIZE] = "";
	FILE *file;

	*problem = '\0';
	file = open_file(fd, problem);
	if (!file || !capture) {
		if (file)
			fclose(file);
		free(capture);
		return file ? -ENOMEM : -EINVAL;
	}
	capture->pcap = pcap_fopen_offline(file, error);
	if (!capture->pcap) {
		snprintf(problem, CAPTURE_PROBLEM, "%s", error);
		fclose(file);
		free(capture);
		return -EBADMSG;
	}
	*out = capture;
	return 0;
}

unsigned capture_link(const struct capture *capture)
{
	return pcap_datalink(capture->pcap);
}

int capture_next(struct capture *capture, struct capture_packet *packet, char problem[CAPTURE_PROBLEM])
{
	struct pcap_pkthdr *header;
	const u_char *data;
	int got = pcap_next_ex(capture->pcap, &header, &data);

	if (got == PCAP_ERROR_BREAK)
		return 0;
	if (got != 1) {
		snprintf(problem, CAPTURE_PROBLEM, "%s", pcap_geterr(capture->pcap));
		return -EBADMSG;
	}
	packet->at_us = (__u64)header->ts.tv_sec * 1000000 + header->ts.tv_usec; /* whatever the file says */
	packet->data = data;
	packet->len = header->caplen < LINKTYPE_PACKET_MAX ? header->caplen : LINKTYPE_PACKET_MAX;
	packet->length = header->len > packet->len ? header->len : packet->len;
	return 1;
}

void capture_close(struct capture *capture)
{
	if (!capture)
		return;
	pcap_close(capture->pcap); /* and the file */
	free(capture);
}
