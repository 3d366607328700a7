/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon may still do once it runs. */
#ifndef ESAFE_CAPS_H
#define ESAFE_CAPS_H

/* Keeps what maps, programs and pins need, and gives up the rest for good. 0 or -errno. */
int caps_drop(void);

#endif
