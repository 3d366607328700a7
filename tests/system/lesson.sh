#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Who uses a device, what a teacher opens for a while, and that it all ends in time with the daemon dead.
. "$(dirname "$0")/lib.sh"
open_school school.yaml

# ---- sessions ----
sees "a pupil's laptop" NXDOMAIN asks pupil games.example.com
holds "a teacher borrows it" ctl session start --user teacher3 --group staff --device pupil-laptop
sees "the teacher" "$web4" asks pupil games.example.com
sees "what ranks lower waits" "*overruled*" ctl session start --class 4B --group pupils --device pupil-laptop
sees "and changes nothing" "$web4" asks pupil games.example.com
holds "the teacher logs off" ctl session end --user teacher3
sees "the class is behind it now" NXDOMAIN asks pupil games.example.com
holds "over" ctl session end --class 4B
sees "nothing is left" "none" ctl session ls
holds "by address, for a moment" ctl session start --user teacher3 --group staff --ip 192.0.2.13 --for 5s
comes "an unknown device, once it is a neighbour" 4 matches "$web4" asks unknown games.example.com
stop_filter KILL
comes "over with the daemon dead" 8 matches NXDOMAIN asks unknown games.example.com
start_filter
comes "and closed" 3 matches "*time-out*" ctl session ls --past
