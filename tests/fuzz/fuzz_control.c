/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line of the control socket against the daemon's own table of verbs. */
#include <stdint.h>
#include <stdlib.h>

#include "esafed.h"
#include "request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct problems problems = { 0 };
	const struct verb *verb = NULL;
	json_t *args = NULL;
	int err = request_parse((const char *)data, size, verbs, verbs_count, &verb, &args, &problems);

	if (err ? verb || args || !problems.n : !verb || !json_is_object(args) || problems.n)
		abort();
	json_decref(args);
	problems_free(&problems);
	return 0;
}
