#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# LAN=... scripts/run: a gateway's own interface is filtered, and is as it was before when that is stopped.
. "$(dirname "$0")/lib.sh"
open_empty_school

export ESAFE_DEMO=real-demo-$$
demo() { as gateway env "$@"; }
sees "before: nothing is filtered" "$web4" asks pupil www.example.com
sees "an interface that is not there" "*no interface*" demo LAN=eth99 "$top/scripts/run"
sees "a real interface" "*Filtering what comes from lan0*" demo LAN=lan0 "$top/scripts/run"
sees "a device that nobody registered has the strictest profile" NXDOMAIN asks pupil www.example.com
sees "help is open" "$web4" asks pupil www.childline.org.uk
sees "the other LAN is left alone" "$web4" asks guest www.example.com
holds "a device is registered" school ctl $ESAFE_DEMO device add 02:00:00:00:00:11 laptop --group staff
sees "and has its group's profile" "$web4" asks pupil www.example.com
sees "once more, over itself" "*Filtering what comes from lan0*" demo LAN=lan0 "$top/scripts/run"
holds "stopped" demo "$top/scripts/run" --stop
sees "after: nothing is filtered" "$web4" asks unknown www.example.com
sees "no program is left" "" as gateway sh -c 'tc filter show dev lan0 ingress; tc filter show dev lan0 egress'
fails "no file is left" ls -d /run/es-$ESAFE_DEMO /sys/fs/bpf/es-$ESAFE_DEMO
