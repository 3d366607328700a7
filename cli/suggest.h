/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The word that was probably meant. */
#ifndef ESAFECTL_SUGGEST_H
#define ESAFECTL_SUGGEST_H

/* Keeps in *best the nearest so far; start with NULL and *far = letters that may differ + 1. */
void suggest_weigh(const char *word, const char *known, const char **best, unsigned *far);

#endif
