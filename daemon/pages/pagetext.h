/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text of strangers: is it text at all, and how it is put into a page; pure. */
#ifndef ESAFE_PAGES_PAGETEXT_H
#define ESAFE_PAGES_PAGETEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Well-formed UTF-8 without control characters; line feed, carriage return and tabulator are fine. */
bool text_is_clean(const char *text, size_t len);

/* The only way in which what is not a template gets into a page: right between tags and in quoted attributes. */
void text_escape(FILE *out, const char *text);

/* For the log: one line of plain letters, whatever it was; a line feed at the end is left out. */
void text_line(const char *text, char *out, size_t size);

/* Bytes as hexadecimal digits. */

#endif
