#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `esafectl why` asks the loaded program; what it says is what real clients see: 200 names, 3 groups, 3 times.
. "$(dirname "$0")/lib.sh"
open_empty_school
lay_out

# Names of every kind: listed, below listed, site rules, safe search, protected, locked, unlisted, timed.
names() {
	local i base
	for base in games social adult illegal timed helpline www update kids.games bad.kids.games supervised; do
		echo $base.example.com
		for i in {1..11}; do echo "h$i.$base.example.com"; done
	done
	for base in find.example.net www.find.example.net use-application-dns.net mask.icloud.com www.bbc.co.uk example.com com; do
		echo $base
		for i in {1..9}; do echo "s$i.$base"; done
	done
}
names | head -n 200 >"$run/names"

# Three times: the policy's window lies yesterday, today from now on, and tomorrow. `why` is asked for now in each.
day() { date -d "@$(($(date +%s) + $1 * 86400))" +%a; }
apply() { # days from today on which timed names are allowed
	sed "s/Mon-Sun 00:00-00:01/$(day "$1") 00:00-24:00/" "$tests/school.yaml" >"$run/policy.yaml"
}
apply 0
start_filter
enrol_devices

digs() { # host -> "name verdict", asked of the network
	sed 's/$/ A/' "$run/names" >"$run/questions.$1"
	as "$1" dig +tries=2 +time=2 -f "$run/questions.$1" | awk -v web="$web4" '
		/status:/ { status = $0; sub(/.*status: /, "", status); sub(/,.*/, "", status); answer = "" }
		/^;[^;]/ && NF == 3 && $2 == "IN" { name = substr($1, 2); sub(/\.$/, "", name) }
		!/^;/ && $4 == "A" { answer = $5 }
		/^;; MSG SIZE/ { print tolower(name), status == "NXDOMAIN" ? "block" : answer == "203.0.113.82" && name ~ /find/ ? "rewrite" : answer == "" ? "nodata" : "allow" }'
}
whys() { # device -> "name verdict", asked of the program; a canary is seen as a refusal
	local name
	while read -r name; do
		ctl why "$name" --device "$1" --json || echo '{"verdict":"no answer"}'
	done <"$run/names" | jq -r 'if .reason == "canary" then "block" else .verdict end' | paste -d' ' "$run/names" -
}
compare() { # when
	local pair host
	for pair in pupil=pupil-laptop staff=staff-laptop unknown=02:00:00:00:00:13; do
		host=${pair%=*}
		digs "$host" | sort >"$run/digs"
		whys "${pair#*=}" | sort >"$run/whys"
		sees "$1, $host: 200 names" 200 eval 'wc -l <"$run/digs"'
		sees "$1, $host: why agrees" "" diff "$run/digs" "$run/whys"
	done
}
compare "in the window"
for away in 1 3; do
	apply $away
	holds "another timetable" ctl policy apply "$run/policy.yaml"
	compare "window in $away days"
done

# ---- what it says ----
sees "the list that blocks" "*games*" ctl why games.example.com --device pupil-laptop
sees "the line of the site rule" "*policy*:[0-9]*" ctl why kids.games.example.com --device pupil-laptop
sees "the group and how it is known" "*pupils*" ctl why games.example.com --device pupil-laptop
sees "a device by its MAC" "*nobody*" ctl why www.example.com --device 02:00:00:00:00:13
sees "the policy's version" "*version*[0-9]*" ctl why games.example.com --device pupil-laptop
fails "a device that is nowhere" ctl why games.example.com --device no-such-device
fails "a name that is none" ctl why 'no..name' --device pupil-laptop

# ---- asking leaves no trace ----
before=$(ctl log --json --limit 100000 | wc -l)
ctl why "$(below untraced.example.com)" --device pupil-laptop >/dev/null
asks pupil "$(below traced.example.com)" >/dev/null
comes "a real question is in the log" 5 eval '[ "$(ctl log --json --name traced.example.com | wc -l)" -ge 1 ]'
sees "the asking is not" 0 eval 'ctl log --json --name untraced.example.com | wc -l'
