/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device list as a school keeps it in a spreadsheet: mac, name, group, owner, note, class, room; pure. */
#ifndef ESAFE_DEVICES_CSV_H
#define ESAFE_DEVICES_CSV_H

#include <stddef.h>
#include <linux/types.h>
#include "problem.h"
#include "register.h"

struct devices {
	size_t n;
	struct reg_device *item; /* id 0 */
	int *line;
	size_t room;
};

/*
 * RFC 4180, UTF-8 with or without a byte order mark; columns in any order, only mac and name must be there.
 * `mac` may hold an address. Texts of columns that are not there are NULL: not spoken of. 0, or -EINVAL with problems
 * said; `out` is only touched on success.
 */
int devices_csv_read(const char *file, const char *text, size_t len, struct devices *out, struct problems *problems);
int devices_add(struct devices *devices, const struct reg_device *device, int line); /* takes the texts; 0 or -ENOMEM */
void devices_free(struct devices *devices);

/*
 * What importing `want` would do to `have`: '+' new, '~' changed (text names the fields), '=' the same, '-' only in
 * `have` (imports leave those alone unless asked to remove them). Devices are matched by address.
 */
int devices_diff(const struct devices *have, const struct devices *want,
		 void (*line)(void *ctx, char sign, const struct reg_device *device, const char *text), void *ctx);

/* MAC: 00:11:22:33:44:55, 00-11-…, 0011.2233.4455, 001122334455; address: IPv4 or IPv6. 0 or -EINVAL. */
int device_key_parse(const char *text, __u8 *kind, __u8 addr[16]);
void device_key_text(__u8 kind, const __u8 addr[16], char out[46]);

#endif
