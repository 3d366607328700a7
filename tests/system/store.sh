#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What was written stays written: kill -9 at any moment, a damaged day, a new day, and an end after so many days.
. "$(dirname "$0")/lib.sh"
open_school school.yaml

state=$run/state
days() { (cd "$state" && find . -name 'events-*.db' | sort); }
rows() { ctl log --json --limit 100000 "$@" | wc -l; }
intact() { local db; for db in "$state"/*.db "$state"/*/*.db; do [ ! -e "$db" ] || sqlite3 "$db" 'pragma integrity_check' || return; done | sort -u; }
ask_many() { # prefix, from, to
	seq -f "$1-%.0f.kept.example.com A" "$2" "$3" >"$run/questions"
	as pupil dig +tries=1 +time=2 +noall -f "$run/questions" >/dev/null 2>&1
}

# ---- kill -9, ten times while rows are written: what a reader has seen is never lost ----
seen=0
for round in {1..10}; do
	ask_many "r$round" 1 50
	comes "round $round: rows" 5 eval '[ "$(rows --name kept.example.com)" -gt '$seen' ]'
	ask_many "x$round" 1 20 &
	seen=$(rows --name kept.example.com)
	stop_filter KILL
	wait $!
	sees "round $round: the databases are whole" ok intact
	start_filter
	now=$(rows --name kept.example.com)
	if [ "$now" -ge "$seen" ]; then good; else bad "round $round: $seen rows were seen, $now are left"; fi
done
# Pinned ring: what came in while nobody read it is read by the next daemon.
stop_filter KILL
ask_many late 1 100
start_filter
comes "what happened meanwhile is written afterwards" 10 eval '[ "$(ctl log --json --limit 1000 --name kept.example.com | grep -c late-)" -eq 100 ]'

# ---- a stop in good order writes everything ----
ask_many last 1 100
stop_filter TERM
sees "all of it" 100 eval 'for db in $(find "$state" -name "events-*.db"); do sqlite3 "$db" .dump; done | grep -c "last-[0-9]*\.kept"'
start_filter

# ---- one file a day; after so many days it goes ----
sees "one file today" 1 eval 'days | wc -l'
today=$(days)
dir=$(dirname "$state/${today#./}")
stop_filter TERM
cp "$state/${today#./}" "$dir/events-2001-02-03.db"
recent=$(date -d '2 days ago' +%F)
cp "$state/${today#./}" "$dir/events-$recent.db"
touch "$dir/events-notes.txt"
start_filter
comes "a day past its time is gone" 10 eval '[ ! -e "$dir/events-2001-02-03.db" ]'
holds "a recent one stays" [ -e "$dir/events-$recent.db" ]
holds "and what is no day stays" [ -e "$dir/events-notes.txt" ]

# ---- a damaged day costs that day ----
stop_filter TERM
head -c 20000 /dev/urandom >"$dir/events-$recent.db"
start_filter
holds "it starts" ctl status
ask_many after 1 5
comes "and writes" 5 eval '[ "$(rows --name kept.example.com --since today)" -gt 0 ]'
stop_filter TERM
head -c 20000 /dev/urandom >"$state/${today#./}"
rm -f "$state/${today#./}"-wal "$state/${today#./}"-shm
start_filter
ask_many anew 1 5
comes "a damaged today is put aside" 10 eval '[ "$(ctl log --json --name kept.example.com | grep -c anew-)" -eq 5 ]'

# ---- the register outlives everything ----
sees "the devices are known" "$web4" asks staff games.example.com
sees "the register is whole" ok sqlite3 "$state/register.db" 'pragma integrity_check'
comes "there is a copy of it" 10 [ -e "$state/register.db.backup" ]
stop_filter KILL
head -c 20000 /dev/urandom >"$state/register.db"
rm -f "$state"/register.db-{wal,shm}
start_filter
sees "and of its copy, when it is damaged" "$web4" asks staff games.example.com
holds "what was damaged is kept" [ -e "$state/register.db.damaged-1" ]

# ---- a full ring never changes a verdict, and what was lost is said ----
pid=$(cat "$run/esafed.pid")
kill -STOP "$pid"
flood=$(as pupil "$tools/steady" -r 3000 -s 8 $dns4 $web4 games.example.com www.example.com | tail -n 2)
[[ $flood == *"wrong 0"*"wrong 0"* ]] && good || bad "with nobody reading the ring: $flood"
kill -CONT "$pid"
comes "the daemon goes on" 10 ctl status
