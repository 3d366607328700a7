/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "devices_csv.h"

/* What was accepted must be whole: texts there, addresses that can be written and read again. */
static void check(const struct devices *devices)
{
	char text[46];
	__u8 kind, addr[16];

	for (size_t i = 0; i < devices->n; i++) {
		const struct reg_device *device = &devices->item[i];

		if (!*device->name || !device->group != !devices->item[0].group || !device->room != !devices->item[0].room)
			abort();
		device_key_text(device->kind, device->addr, text);
		if (device_key_parse(text, &kind, addr) || kind != device->kind)
			abort();
	}
}

static void line(void *ctx, char sign, const struct reg_device *device, const char *text)
{
	if (sign != '=')
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct problems problems = { 0 };
	struct devices devices;

	if (!devices_csv_read("fuzz", (const char *)data, size, &devices, &problems)) {
		check(&devices);
		devices_diff(&devices, &devices, line, NULL);
		devices_free(&devices);
	} else if (!problems.n) {
		abort();
	}
	problems_free(&problems);
	return 0;
}
