#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The same name for a pupil, a member of staff, a device that nobody knows, and a guest on the guests' network.
. "$(dirname "$0")/lib.sh"
open_school school.yaml

story() { # name, then what each of pupil, staff, unknown and guest must see
	local name=$1 host expected
	shift
	for host in pupil staff unknown guest; do
		expected=$1
		shift
		sees "$host asks for $name" "$expected" asks $host "$name"
		if [ "$expected" = NXDOMAIN ]; then expected=reset; else expected="reached $name over https"; fi
		sees "$host goes to $name" "$expected" loads $host "https://$name/" --connect-to "::$web4:"
	done
}
#     name                    pupil      staff      unknown    guest
story www.example.com         "$web4"    "$web4"    NXDOMAIN   "$web4"
story games.example.com       NXDOMAIN   "$web4"    NXDOMAIN   NXDOMAIN
story social.example.com      NXDOMAIN   "$web4"    NXDOMAIN   "$web4"
story adult.example.com       NXDOMAIN   NXDOMAIN   NXDOMAIN   NXDOMAIN
story kids.games.example.com  "$web4"    "$web4"    NXDOMAIN   "$web4"
story bad.kids.games.example.com NXDOMAIN "$web4"   NXDOMAIN   NXDOMAIN
story illegal.example.com     NXDOMAIN   NXDOMAIN   NXDOMAIN   NXDOMAIN
story helpline.example.com    "$web4"    "$web4"    "$web4"    "$web4"

# ---- a device changes hands; the next question is judged by the new group ----
ctl device set 02:00:00:00:00:11 --group staff >/dev/null
sees "the pupil's laptop is lent to a teacher" "$web4" asks pupil games.example.com
ctl device set 02:00:00:00:00:11 --group pupils >/dev/null
sees "and given back" NXDOMAIN asks pupil games.example.com
ctl device rm 02:00:00:00:00:11 >/dev/null
sees "a device that is taken off the register" NXDOMAIN asks pupil www.example.com

# ---- many at once, from a file ----
devices=$run/devices.csv
{
	echo mac,name,group
	for i in {1..200}; do printf '02:00:00:00:aa:%02x,tablet-%d,pupils\n' "$i" "$i"; done
	echo 02:00:00:00:00:13,office,staff
	echo 02:00:00:00:00:11,pupil-laptop,pupils
} >"$devices"
holds "a register is imported" ctl device import "$devices"
sees "all of them are listed" 203 eval 'ctl device ls --json | jq -s length'
sees "the unknown device is the office's now" "$web4" asks unknown games.example.com
sees "the pupil is a pupil again" NXDOMAIN asks pupil games.example.com

echo 'mac,name,group
02:00:00:00:00:13,office,pupils
not a mac,x,pupils
02:00:00:00:bb:01,y,nobodys' >"$devices"
sees "a wrong file: line and reason" "*$devices:3*" ctl device import "$devices"
sees "and nothing of it counts" "$web4" asks unknown games.example.com
