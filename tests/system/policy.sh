#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A change of policy, from the first look at it to its end: check, diff, apply, history, rollback; and what it says.
. "$(dirname "$0")/lib.sh"
open_school school.yaml

changed=$run/changed.yaml
sed -e '/playtime }/s/social: block/social: allow/' -e '/^  staff:/,/^  nobody:/s/games: allow/games: block/' \
	"$tests/school.yaml" >"$changed"

# ---- a look before ----
sees "nothing is wrong with it" "*no problems*" ctl policy check "$changed"
sees "diff: what pupils gain" "*groups.pupils.categories.social*allow*" ctl policy diff "$changed"
sees "diff: what staff lose" "*groups.staff.categories.games*block*" ctl policy diff "$changed"
sees "diff: nothing else" 2 eval 'ctl policy diff "$changed" --json | jq -r .path | grep -c .'
sees "diff with itself" "*nothing*" ctl policy diff "$tests/school.yaml"
sees "looking changed nothing" NXDOMAIN asks pupil social.example.com

# ---- applied ----
holds "applied" ctl policy apply "$changed"
sees "pupils gained" "$web4" asks pupil social.example.com
sees "staff lost" NXDOMAIN asks staff games.example.com
sees "guests had it before" "$web4" asks guest social.example.com
sees "history: two versions, the newest first" "2 1" eval 'ctl policy history --json | jq -r .version | paste -sd" "'
sees "history: by whom" "*root*" ctl policy history
sees "the text of each is kept" "" eval 'ctl policy show 1 --source | diff - "$tests/school.yaml"'
sees "show: a matrix" "*pupils*guests*staff*nobody*social*allow*" ctl policy show
comes "the log says by which version" 5 matches 2 eval 'ctl log --json --limit 1 --name social.example.com --device pupil-laptop | jq .policy'

# ---- and back ----
holds "rolled back" ctl policy rollback
sees "pupils: as before" NXDOMAIN asks pupil social.example.com
sees "staff: as before" "$web4" asks staff games.example.com
holds "to a version by its number" ctl policy rollback 2
sees "pupils: as changed" "$web4" asks pupil social.example.com
fails "to a version that never was" ctl policy rollback 99
sees "nothing has changed by that" "$web4" asks pupil social.example.com

# ---- it outlives the daemon ----
stop_filter
start_filter
sees "after a restart: what was applied last, not the file" "$web4" asks pupil social.example.com

# ---- SIGHUP reads the file, if it is right ----
reload() { kill -HUP "$(cat "$run/esafed.pid")"; }
cp "$tests/school.yaml" "$run/policy.yaml"
reload
comes "the file counts" 10 matches NXDOMAIN asks pupil social.example.com
echo 'groups: { broken' >"$run/policy.yaml"
reload
comes "a broken file: said with its place" 10 grep -E 'policy.yaml:[0-9]+:[0-9]+: ' "$run/esafed.log"
sees "and not taken" NXDOMAIN asks pupil social.example.com
