/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One thing that happened, in the words of the time when it happened: what the store keeps and what a query yields.
 * Strings are borrowed from whoever made the record and never NULL: "" is "not known".
 */
#ifndef ESAFE_RECORD_H
#define ESAFE_RECORD_H

#include <linux/types.h>

#define RECORD_NAME_SIZE 1024 /* 253 bytes, each of which may need four characters, and the end */

enum record_confidence { /* how sure it is who this was */
	RECORD_UNKNOWN = 0,
	RECORD_LOW = 1,    /* only where the device was */
	RECORD_MEDIUM = 2, /* shared by a class */
	RECORD_HIGH = 3,   /* the device, or a person who logged on */
};

struct record {
	__s64 at_us;         /* microseconds since 1970, UTC */
	__u32 device_id;     /* 0: not registered */
	__u32 user_id;       /* 0: nobody */
	__u32 policy;        /* version */
	__u32 line;          /* of the rule in the policy file; 0: none */
	__u32 rule;          /* grant, lesson or suspension in the register; 0: none */
	__u16 class_id;      /* 0: none */
	__u16 qtype;         /* 0: not a DNS question */
	__u16 sport, dport;
	__u16 vlan_outer, vlan_inner;
	__u8 src[16];        /* the device; IPv4 as ::ffff:a.b.c.d */
	__u8 dst[16];        /* all zero: not kept */
	__u8 mac[6];
	__u8 proto;          /* enum esafe_proto */
	__u8 verdict;        /* enum esafe_verdict */
	__u8 reason;         /* enum esafe_reason */
	__u8 how;            /* enum esafe_how */
	__u8 confidence;     /* enum record_confidence */
	__u8 known;          /* enum esafe_known */
	const char *device;  /* its name */
	const char *user;
	const char *class_name;
	const char *group;
	const char *category;
	const char *iface;
	char name[RECORD_NAME_SIZE]; /* "": none, or a help site */
};

#endif
