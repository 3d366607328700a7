/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything that the process reads from files, once, at its start. */
#ifndef ESAFE_PAGES_FILES_H
#define ESAFE_PAGES_FILES_H

#include "pages.h"

int files_settings(const char *path, struct settings **out, struct problems *problems);
/* Templates and style.css; -errno or -EINVAL with the problems told. */
int files_templates(struct pages *pages, struct problems *problems);
/* What logon scripts must say: only root and this process may read it. Not there where the settings name none. */
int files_token(struct pages *pages, struct problems *problems);

#endif
