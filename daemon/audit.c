/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "audit.h"
#include "clock.h"
#include "esafed.h"
#include "visitors.h"

#define DETAIL 1024

bool audit_takes(struct audit *audit, uint64_t now_ms)
{
	uint64_t from = audit->full_ms > now_ms ? audit->full_ms : now_ms;

	if (from - now_ms > (AUDIT_BURST - 1) * (uint64_t)AUDIT_EVERY_MS) {
		audit->left_out++;
		return false;
	}
	audit->full_ms = from + AUDIT_EVERY_MS;
	return true;
}

/* Values as they are, texts without quotation marks; what did not fit is left out as a whole. */
void audit_args(const json_t *args, char *out, size_t size)
{
	size_t used = 0;
	const char *name;
	json_t *value;

	out[0] = '\0';
	json_object_foreach((json_t *)args, name, value) {
		char number[24];
		const char *text = json_string_value(value);
		int len;

		snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
		if (!text)
			text = json_is_integer(value) ? number : json_is_true(value) ? "yes" : "no";
		len = snprintf(out + used, size - used, "%s%s=%s", used ? " " : "", name, text);
		if (len < 0 || used + (size_t)len >= size) {
			out[used] = '\0';
			return;
		}
		used += (size_t)len;
	}
}

static void refused(void *owner, const struct peer *peer, const struct verb *verb)
{
	struct esafed *esafed = owner;
	char detail[128];

	if (!audit_takes(&esafed->audit, clock_monotonic_ms()))
		return;
	if (esafed->audit.left_out)
		snprintf(detail, sizeof(detail), "%s; %u more before it", verb->name, esafed->audit.left_out);
	else
		snprintf(detail, sizeof(detail), "%s", verb->name);
	if (!register_change_add(esafed->reg, clock_seconds(), peer->name, "refused", detail))
		esafed->audit.left_out = 0;
}

static int looks(void *owner, const struct peer *peer, const struct verb *verb, const json_t *args)
{
	struct esafed *esafed = owner;
	char detail[DETAIL];

	audit_args(args, detail, sizeof(detail));
	return register_change_add(esafed->reg, clock_seconds(), peer->name, verb->name, detail);
}

const struct control_hooks audit_hooks = { .refused = refused, .looks = looks, .acts = visitors_person };
