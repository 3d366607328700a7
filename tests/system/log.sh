#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the network manager finds out afterwards: who asked for what, when, and what came of it.
. "$(dirname "$0")/lib.sh"
open_school school.yaml

rows() { ctl log --json --limit 1000 "$@"; }
count() { rows "$@" | wc -l; }
field() { # a field of the newest row that fits
	local key=$1
	shift
	rows "$@" | head -n 1 | jq -r ".$key"
}

start=$(date +%Y-%m-%dT%H:%M:%S%:z)
asks pupil games.example.com >/dev/null
asks pupil one.example.com >/dev/null
asks staff games.example.com >/dev/null
asks unknown one.example.com >/dev/null
asks guest games.example.com AAAA >/dev/null
loads pupil https://social.example.com/ --connect-to "::$web4:" >/dev/null
asks pupil helpline.example.com >/dev/null
asks pupil illegal.example.com >/dev/null
comes "the rows are there" 5 matches 1 count --name illegal.example.com

# ---- every field of a refused question ----
refused="--device pupil-laptop --name games.example.com"
# shellcheck disable=SC2086 # options
{
	sees "device" pupil-laptop field device $refused
	sees "MAC" 02:00:00:00:00:11 field mac $refused
	sees "address" 192.0.2.11 field address $refused
	sees "interface" lan0 field interface $refused
	sees "group" pupils field group $refused
	sees "how the group is known" device field how $refused
	sees "how sure that is" high field confidence $refused
	sees "name" games.example.com field name $refused
	sees "verdict" block field verdict $refused
	sees "reason" category field reason $refused
	sees "category" games field category $refused
	sees "protocol" dns field protocol $refused
	sees "question type" A field qtype $refused
	sees "destination" $dns4 field destination $refused
	sees "time" "$(date +%Y-%m-%d)T*" field time $refused
}
sees "a refused TLS name" tls field protocol --name social.example.com
sees "its port" 443 field destination_port --name social.example.com
sees "the guest is known by the place" interface field how --group guests
sees "the guest's question type" AAAA field qtype --group guests
sees "the unknown device by nothing" "strictest" field how --name one.example.com --verdict block
sees "whose MAC is kept" 02:00:00:00:00:13 field mac --name one.example.com --verdict block
sees "the locked list's reason" floor field reason --name illegal.example.com

# ---- a help site is never in the log by name ----
sees "no name of a help site" 0 eval 'ctl log --json --limit 1000 | grep -c helpline'

# ---- filters ----
sees "by device: by MAC" "$(count --device pupil-laptop)" count --device 02:00:00:00:00:11
sees "by group" 1 count --group guests
sees "by name, those below it, too" 8 eval 'c=$(count --name example.com); [ "$c" -ge 5 ] && echo 8'
sees "a suffix is of labels" 0 count --name ames.example.com
sees "by verdict" 0 eval 'rows --verdict block | jq -r .verdict | grep -vc block'
sees "by category" games eval 'rows --category games | jq -r .category | sort -u'
sees "by reason" 1 count --reason floor
sees "since the start" "$(count)" count --since "$start"
sees "none before the start" 0 count --until "$start"
sees "a limit" 2 eval 'ctl log --json --limit 2 | wc -l'
sees "a category that is none: what was meant" "*gamse*games*" ctl log --category gamse
sees "a verdict that is none: what was meant" "*block*" ctl log --verdict blok

# ---- forms ----
sees "text" "*pupil-laptop*games.example.com*" ctl log --device pupil-laptop --name games.example.com
sees "CSV: a heading and a row" 2 eval 'ctl log --csv --name games.example.com --device pupil-laptop | wc -l'
sees "CSV: the heading" "time,device,address,*" eval 'ctl log --csv --limit 1 | head -n 1'
holds "JSON: every line by itself" eval 'rows | jq -es "length > 0" '

# ---- a name with everything in it: the terminal, the CSV and the JSON are safe ----
hostile=123401000001000000000000"101b5b324a2c223b3d310d0a002e5c2722""076578616d706c6503636f6d0000010001"
as pupil "$tools/udp" -w 200 $dns4 53 "$hostile" >/dev/null
comes "a name of control characters is kept" 5 eval 'rows --device pupil-laptop | grep "027"'
fails "no escape character reaches the terminal" eval 'ctl log --limit 100 | grep $'"'\\033'"
sees "CSV keeps its lines" "$(count)" eval 'ctl log --csv --limit 1000 | tail -n +2 | wc -l'

# ---- follow ----
"$top/build/esafectl" --socket "$run/run/control" log --follow --json >"$run/followed" 2>&1 &
follower=$!
mark=$(below example.com)
follows() { asks pupil "$mark" >/dev/null; grep -q "$mark" "$run/followed"; }
comes "a new row is shown as it comes" 5 follows
kill $follower
wait $follower 2>/dev/null

# ---- staff are logged lightly: what was allowed is not kept ----
asks staff light.example.com >/dev/null
asks pupil "$(below marker.example.com)" >/dev/null
comes "later rows are there" 5 eval '[ "$(count --name marker.example.com)" -gt 0 ]'
sees "an allowed name of staff" 0 count --name light.example.com

# ---- nothing is lost on the way: each of a thousand questions is a row ----
for i in {1..1000}; do echo "q$i.count.example.com A"; done >"$run/questions"
as pupil dig +tries=1 +time=3 +noall -f "$run/questions" >/dev/null
comes "a thousand questions, a thousand rows" 10 eval '[ "$(ctl log --json --limit 5000 --name count.example.com | wc -l)" -eq 1000 ]'
