#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Devices are counted, and one that has used up its quota has nothing but help until the time is over.
. "$(dirname "$0")/lib.sh"
open_empty_school
lay_out
sed 's/^  staff:/  staff:\n    quota: { always: 60k }/' "$tests/school.yaml" >"$run/policy.yaml"
start_filter
enrol_devices

comes_to() { # bytes at least, of a device
	local got
	got=$(ctl volume ls --json | jq "select(.device == \"$2\") | .bytes_up + .bytes_down")
	[ "${got:-0}" -ge "$1" ]
}
browse() { loads "$1" https://www.example.com/ --connect-to "::$web4:"; }

sees "the first page" "reached www.example.com over https" browse staff
comes "it is counted" 8 comes_to 1000 staff-laptop
for i in {1..25}; do browse staff >/dev/null; done
comes "nearly used up is a notice" 8 matches "*staff-laptop (group staff) has used*always 60k*" ctl notice ls
for i in {1..25}; do browse staff >/dev/null; done
comes "used up: no web" 8 matches NXDOMAIN asks staff www.example.com
sees "help is open" "$web4" asks staff helpline.example.com
sees "why" "*quota*" ctl why www.example.com --device staff-laptop
sees "another group" "$web4" asks pupil www.example.com
sees "by group" "*staff*" ctl volume groups
sees "the most first" staff-laptop eval 'ctl top --by volume --json | head -n 1 | jq -r ".rows[0].device"'
stop_filter
start_filter
sees "still used up" NXDOMAIN asks staff www.example.com
sed -i 's/always: 60k/always: 6G/' "$run/policy.yaml"
holds "more is allowed" ctl policy apply "$run/policy.yaml"
comes "the web is back" 8 matches "$web4" asks staff www.example.com
