/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sessions_part.h"

int sessions_look_up(const struct esafed *esafed, struct session *session, struct problems *problems)
{
	return 0;
}
