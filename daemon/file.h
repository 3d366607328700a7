/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ESAFE_FILE_H
#define ESAFE_FILE_H

#include <stddef.h>

#define FILE_BYTES (4u << 20)

/* The whole file, with a zero byte behind it; -EFBIG when it is larger than max, -EINVAL when it is no plain file. */
int file_read(const char *path, size_t max, char **text, size_t *len);

#endif
