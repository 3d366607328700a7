/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The certificate of the pages: the school's, or one that is made here and kept. */
#ifndef ESAFE_PAGES_CERTIFICATE_H
#define ESAFE_PAGES_CERTIFICATE_H

#include "settings.h"

/* PEM texts, to be freed. Makes and keeps them where the settings name none and there are none yet, or they are old. */
int certificate_get(const struct settings *settings, char **certificate, char **key);

#endif
