#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Games are allowed in a window that opens at the next full minute and shuts at the one after. The daemon is killed
# before: the kernel keeps to time by itself.
. "$(dirname "$0")/lib.sh"
open_empty_school
lay_out

minute() { date -d "@$1" +%H:%M; }
now=$(date +%s)
opens=$((now - now % 60 + 60))
[ $((opens - now)) -ge 12 ] || opens=$((opens + 60)) # time to start, to look, and to die
shuts=$((opens + 60))
sed "s/Mon-Sun 00:00-00:01/Mon-Sun $(minute $opens)-$(minute $shuts)/" "$tests/school.yaml" >"$run/policy.yaml"
start_filter
enrol_devices

sees "before: a game" NXDOMAIN asks pupil timed.example.com
sees "before: TLS" reset loads pupil https://timed.example.com/ --connect-to "::$web4:"
sees "why says that it is for other times" "*time*" ctl why timed.example.com --device pupil-laptop
sees "why, asked for the window" "*allow*" ctl why timed.example.com --device pupil-laptop --at "$(minute $opens)"
stop_filter KILL
[ "$(date +%s)" -lt $opens ] || bail_out "the window opened before the daemon was killed: too slow to tell"

# The boundary is a clock's: everything asked a second before or after it is right or wrong.
watch() { # until this second, expected
	local wrong=0 asked=0 answer
	while [ "$(date +%s)" -lt $1 ]; do
		answer=$(asks pupil timed.example.com)
		[ "$(date +%s)" -lt $1 ] || break
		asked=$((asked + 1))
		[ "$answer" = "$2" ] || wrong=$((wrong + 1))
		read -rt 0.1 <> <(:) || :
	done
	[ $asked -gt 3 ] && [ $wrong -eq 0 ] || echo "$wrong of $asked were not $2"
}
sees "refused to the last moment" "" watch $opens NXDOMAIN
comes "open at the minute" 1 matches "$web4" asks pupil timed.example.com
sees "a connection in the window" "reached timed.example.com over https" loads pupil https://timed.example.com/ --connect-to "::$web4:"
sees "open to the last moment" "" watch $shuts "$web4"
comes "shut at the minute" 1 matches NXDOMAIN asks pupil timed.example.com
sees "TLS after the window" reset loads pupil https://timed.example.com/ --connect-to "::$web4:"
start_filter
sees "the daemon comes back and nothing changes" NXDOMAIN asks pupil timed.example.com
