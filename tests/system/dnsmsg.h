/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds a DNS question and reads what came back (RFC 1035 section 4). */
#ifndef DNSMSG_H
#define DNSMSG_H

#include <arpa/inet.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define DNS_QUESTION_MAX 320
#define DNS_HEADER 12
enum { DNS_NOERROR = 0, DNS_NXDOMAIN = 3 };

struct dns_header {
	uint16_t id, flags, questions, answers, authorities, additionals;
};

static inline uint16_t dns_id(const uint8_t *msg) { return msg[0] << 8 | msg[1]; }
static inline int dns_rcode(const uint8_t *msg) { return msg[3] & 15; }
static inline int dns_answers(const uint8_t *msg) { return msg[6] << 8 | msg[7]; }
static inline int dns_is_answer(const uint8_t *msg) { return msg[2] >> 7; }

/* A question of class IN with RD and an OPT record; returns its length, 0 if the text is no name. */
static inline size_t dns_question(uint8_t msg[DNS_QUESTION_MAX], uint16_t id, const char *name, uint16_t type)
{
	static const uint8_t opt[] = { 0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0 };
	struct dns_header header = { .id = htons(id), .flags = htons(0x0100), .questions = htons(1), .additionals = htons(1) };
	uint8_t *at = msg + DNS_HEADER;

	memcpy(msg, &header, sizeof(header));
	while (*name) {
		size_t label = strcspn(name, ".");

		if (!label || label > 63 || at + label - msg > 255)
			return 0;
		*at++ = label;
		memcpy(at, name, label);
		at += label;
		name += label + (name[label] == '.');
	}
	*at++ = 0;
	*at++ = type >> 8;
	*at++ = type & 255;
	*at++ = 0;
	*at++ = 1;
	memcpy(at, opt, sizeof(opt));
	return at + sizeof(opt) - msg;
}

#endif
