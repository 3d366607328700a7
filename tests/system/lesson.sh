#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Who uses a device, what a teacher opens for a while, and that it all ends in time with the daemon dead.
. "$(dirname "$0")/lib.sh"
open_school school.yaml
ctl class add 4B --group pupils >/dev/null
ctl class add 5C --group pupils >/dev/null
ctl device set pupil-laptop --class 4B >/dev/null
ctl device set staff-laptop --class 5C --group pupils >/dev/null
ctl user add pupil12 "Pupil Twelve" --class 4B >/dev/null
ctl user add teacher3 --group staff >/dev/null

# ---- sessions ----
sees "a class's device" NXDOMAIN asks pupil games.example.com
holds "a teacher borrows it" ctl session start --user teacher3 --device pupil-laptop
sees "the teacher" "$web4" asks pupil games.example.com
sees "what ranks lower waits" "*overruled*" ctl session start --class 4B --device pupil-laptop
sees "and changes nothing" "$web4" asks pupil games.example.com
holds "the teacher logs off" ctl session end --user teacher3
sees "the class is behind it now" NXDOMAIN asks pupil games.example.com
holds "over" ctl session end --class 4B
sees "nothing is left" none ctl session ls

# ---- a trolley is one class's, then another's ----
ctl room add "Trolley A" >/dev/null
ctl device add 02:00:00:00:00:21 ipad-1 --room "Trolley A" >/dev/null
ctl device add 02:00:00:00:00:22 ipad-2 --room "Trolley A" >/dev/null
holds "all of it" ctl session start --class 4B --room "Trolley A" --adult teacher3
holds "the next class" ctl session start --class 5C --room "Trolley A" --adult teacher3
sees "has it" "5C 5C" eval 'ctl session ls --json | jq -r .class | paste -sd" "'
holds "and puts it back" ctl session end --class 5C

# ---- a lesson is for one class, with errors by line, and for its sites ----
printf '%s\n' '# volcanoes' games.example.com illegal.example.com 'not a site' >"$run/volcano.txt"
sees "a list with what cannot be opened" "*volcano.txt:3: illegal.example.com is on a locked list*" \
	ctl lesson start --class 4B --sites "$run/volcano.txt"
sees "and with what is no name" "*volcano.txt:4: not*" ctl lesson start --class 4B --sites "$run/volcano.txt"
sees "a class that there is not" "*no class 4C; did you mean*" ctl lesson start --class 4C --site games.example.com
sed -i 3,4d "$run/volcano.txt"
holds "a lesson" ctl lesson start --class 4B --sites "$run/volcano.txt" --for 50m
sees "open for the class" "$web4" asks pupil "$(below games.example.com)"
sees "and not for the other" NXDOMAIN asks staff games.example.com
sees "what else was blocked stays so" NXDOMAIN asks pupil arcade.example.com
holds "one that allows nothing else takes its place" ctl lesson start --class 4B --sites "$run/volcano.txt" --only
sees "its site" "reached games.example.com over https" loads pupil https://games.example.com/ --connect-to "::$web4:"
sees "nothing else" NXDOMAIN asks pupil www.example.com
sees "but help" "$web4" asks pupil helpline.example.com
sees "one lesson" 1 eval 'ctl lesson ls --json | jq -s length'
holds "the lesson is over" ctl lesson stop --class 4B
sees "closed" NXDOMAIN asks pupil games.example.com
sees "the web is back" "$web4" asks pupil www.example.com

# ---- grants: exact scope ----
holds "for a device" ctl grant --device pupil-laptop --site games.example.com --for 15m --reason "project"
sees "that device" "$web4" asks pupil games.example.com
sees "no other" NXDOMAIN asks staff games.example.com
sees "why, and who said so" "*grant*permit*project*" ctl why games.example.com --device pupil-laptop
sees "why, when it is over" "*category*" ctl why games.example.com --device pupil-laptop --at "$(date -d '+20 min' '+%F %T')"
holds "a denial outranks it" ctl deny --class 4B --site games.example.com --for 15m
sees "denied" NXDOMAIN asks pupil games.example.com
holds "a category for a person" ctl grant --user pupil12 --category social
sees "who is not there" NXDOMAIN asks pupil social.example.com
ctl session start --user pupil12 --device pupil-laptop >/dev/null
sees "who is" "$web4" asks pupil social.example.com
sees "what nobody can open" "*locked list*" ctl grant --class 4B --site illegal.example.com
sees "what nobody can close" "*always open*" ctl deny --class 4B --site helpline.example.com
sees "what is too long" "*at most for 8h*" ctl grant --class 4B --site games.example.com --for 9h
sees "an adult is there" *supervision* ctl supervise start --class 4B --for 30m
sees "what needs one" "$web4" asks pupil supervised.example.com
holds "and has gone" ctl supervise stop --class 4B
sees "so it is shut" NXDOMAIN asks pupil supervised.example.com

# ---- suspended and cut off ----
sees "suspended, with a letter" "*Pupil Twelve*until further notice*unkind messages*" \
	ctl suspend pupil12 --reason "unkind messages"
sees "no web" NXDOMAIN asks pupil www.example.com
sees "why" "*suspend*unkind messages*" ctl why www.example.com --device pupil-laptop
sees "help is open" "reached helpline.example.com over https" \
	loads pupil https://helpline.example.com/ --connect-to "::$web4:"
holds "cut off" ctl quarantine 02:00:00:00:00:13 --reason "malware"
sees "a device that nobody registered" "no answer" asks unknown helpline.example.com
holds "cut off" ctl quarantine staff-laptop --reason "malware"
sees "not even help" "no answer" asks staff helpline.example.com

# ---- killed: deadlines hold; started again: all is there ----
holds "a short one" ctl grant --device pupil-laptop --site short.example.com --for 1h
ctl reinstate pupil12 >/dev/null
holds "a lesson to the bell" ctl lesson start --class 4B --site arcade.example.com --for $((4 * ${ESAFE_PATIENCE:-1}))s
sees "in the lesson" "$web4" asks pupil arcade.example.com
stop_filter KILL
comes "the bell, with the daemon dead" 6 matches NXDOMAIN asks pupil arcade.example.com
sees "who is in quarantine stays there" "no answer" asks staff helpline.example.com
start_filter
comes "what ended is written down" 3 matches "*deadline*" ctl grant ls --past --json
sees "the person is still there" "*pupil12*holds*" ctl session ls
sees "and what was granted" "$web4" asks pupil social.example.com
sees "and denied" NXDOMAIN asks pupil games.example.com
holds "released" ctl release staff-laptop
sees "on the network again" "$web4" asks staff www.example.com

# ---- a person whose MAC is not known yet, and a deadline with the daemon dead ----
ctl release 02:00:00:00:00:13 >/dev/null
holds "by address, for a moment" ctl session start --user teacher3 --ip 192.0.2.13 --for $((6 * ${ESAFE_PATIENCE:-1}))s
comes "an unknown device, once it is a neighbour" 5 matches "$web4" asks unknown games.example.com
stop_filter KILL
comes "over with the daemon dead" 8 matches NXDOMAIN asks unknown games.example.com
start_filter
comes "and closed" 3 matches "*time-out*" ctl session ls --past
sees "the record of all that is whole" "" sqlite3 "$run/state/register.db" \
	"SELECT id FROM permits WHERE ended = 0 AND until > 0 AND until < strftime('%s') - 5"
ctl grant --user teacher3 --site games.example.com >/dev/null
holds "whoever is forgotten" ctl user remove teacher3
fails "keeps nothing open" grep -q teacher3 <(ctl grant ls)
