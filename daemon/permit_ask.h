/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the arguments of a verb to something that is opened or closed for a while. False: the request has ended. */
#ifndef ESAFE_PERMIT_ASK_H
#define ESAFE_PERMIT_ASK_H

#include "control.h"
#include "permit.h"

#define SCOPE_BIT(kind) (1u << ESAFE_SCOPE_##kind)

/* A new one, begun now by whoever asks, with --reason; NULL: the request has ended. */
struct permit *permit_ask(struct request *request, enum permit_kind kind);
/* For whom: exactly one of --device, --user, --class, --room, --group, of those that are allowed. */
bool permit_ask_scope(struct request *request, unsigned allowed, struct permit *permit);
/* What is asked for a whole group, by --group, is asked by those who may. */
bool permit_ask_may_group(struct request *request);
/* Until when: --for or --until, else `standard` seconds; at most `longest` seconds, 0: as long as one likes. */
bool permit_ask_until(struct request *request, __s64 standard, __s64 longest, struct permit *permit);
/* What: --site or --category. What no command may open or close is refused. */
bool permit_ask_what(struct request *request, struct permit *permit);
/* The sites of a lesson: --sites FILE, --site NAME,NAME. */
bool permit_ask_sites(struct request *request, struct permit *permit);

/* The one meant by its number or, of this kind, by its scope; NULL: the request has ended. */
struct permit *permit_ask_which(struct request *request, unsigned kinds, unsigned scopes);

/* Puts it in force, shows it and ends the request. It is taken over. */
void permit_ask_start(struct request *request, struct permit *permit);
/* Ends it, shows what it was, and ends the request. */
void permit_ask_end(struct request *request, struct permit *permit);
json_t *permit_row(const struct permit *permit);

#endif
