/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What must be done now and then: days closed and thrown away, the timetable carried on, a clock that was set. */
#ifndef ESAFE_UPKEEP_H
#define ESAFE_UPKEEP_H

#include "esafed.h"

int upkeep_start(struct esafed *esafed);

/* Compiles the policy in force for the days from now on; as soon as nothing else is being loaded. */
void upkeep_compile(struct esafed *esafed);

#endif
