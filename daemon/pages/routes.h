/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is found where: each function answers the visit. */
#ifndef ESAFE_PAGES_ROUTES_H
#define ESAFE_PAGES_ROUTES_H

#include <stdio.h>

#include "visit.h"

void block_show(struct visit *visit);   /* blockpage.c */
void block_request(struct visit *visit);
void portal_show(struct visit *visit);  /* portal.c */
void portal_api(struct visit *visit);
void portal_voucher(struct visit *visit);
void portal_login(struct visit *visit);
void teacher_show(struct visit *visit); /* teacher.c */
void teacher_login(struct visit *visit);
void teacher_logout(struct visit *visit);
void teacher_act(struct visit *visit);
void logon_post(struct visit *visit);    /* logon.c */
void figures_show(struct visit *visit); /* figures.c */

/* What is below /teacher/: the i-th path and its fields, up to a NULL. false: there are no more. */
#define ROUTE_FIELDS 9
bool teacher_act_row(size_t i, const char **path, const char *fields[ROUTE_FIELDS]);

/* One line for each method and path, with its fields. */
void routes_print(FILE *out);

/* A listed server says who is there for a whole school: it may ask more often than a device. */
bool logon_is_server(const struct visit *visit);

/* May this address try once more to log in, as this account ("" for none)? If not, the visit is answered. */
bool attempt_allowed(struct visit *visit, const char *account);

#endif
