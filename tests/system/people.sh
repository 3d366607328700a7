#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Who is who: the roster and its errors, leavers, whose group it is and who said so, and who may do what.
. "$(dirname "$0")/lib.sh"
open_empty_school
lay_out
cp "$tests/school.yaml" "$run/policy.yaml"
school accounts "$tag"
chmod 755 "$run" "$run/run"
start_filter
enrol_devices

changes() { sqlite3 -separator ' ' "$run/state/register.db" "SELECT who, action, detail FROM changes ORDER BY id DESC LIMIT ${1:-1}"; }
users() { ctl user ls --csv | tail -n +2 | wc -l; }
log() { ctl log --json --limit 1000 "$@"; }
roster=$run/roster.csv

# ---- roles: accounts and groups of the operating system ----
gid() { sed -n "s/^$1:x:\([0-9]*\):.*/\1/p" "$run/etc/gateway/group"; }
role() { # a group, what is asked; an account that is in this group and in no other
	local group=$1
	shift
	as gateway setpriv --reuid=65534 --regid=65534 --groups="$(gid "$group")" -- \
		"$top/build/esafectl" --socket "$run/run/control" "$@"
}
stranger() { as gateway setpriv --reuid=65534 --regid=65534 --clear-groups "$top/build/esafectl" --socket "$run/run/control" "$@"; }

fails "a stranger does not reach the socket" stranger status
sees "and is told who may" "*members of the groups*" stranger status
for group in admin head dsl teacher governor pages; do
	holds "status is for $group" role esafe-$group status
done
holds "the network manager registers a room" role esafe-admin room add R1
fails "a teacher does not" role esafe-teacher room add R2
sees "a refusal names role and group" \
	"*\"room add\" needs the role admin: be a member of the group esafe-admin*" role esafe-teacher room add R2
sees "it is written down" "nobody refused room add" changes
sees "where several roles would do" "*needs the role admin, head or dsl: be a member of the group esafe-admin, esafe-head or esafe-dsl*" \
	role esafe-governor log
holds "the safeguarding lead reads the log" role esafe-dsl log --limit 1 --group pupils
sees "that is written down, too" "nobody log *group=pupils*" changes
fails "and applies no policy" role esafe-dsl policy apply "$run/policy.yaml"
fails "nor does the head" role esafe-head policy apply "$run/policy.yaml"
holds "who may try one" role esafe-head policy check "$run/policy.yaml"
fails "pages see no log" role esafe-pages log
holds "a governor sees the groups" role esafe-governor group ls
sees "nothing of it happened" "R1" eval 'ctl room ls --csv | tail -n +2 | cut -d\" -f2'

# ---- a roster: what is wrong is told, and nothing is done ----
cat >"$roster" <<-'END'
	user,name,group,class
	pupil12,Pupil 12,pupilz,4B
	,Nobody,pupils,4B
	pupil13,"Pupil 13",pupils,4B
END
printf 'pupil14,Pup\x1bil,pupils,4B\n' >>"$roster"
sees "a name that is missing: line and column" "*roster.csv:3:1: the user is missing*" ctl user import "$roster"
sees "a control character" "*roster.csv:5:9: a control character*" ctl user import "$roster"
sed -i '3d;$d' "$roster"
sees "a group that is none: what was meant" "*roster.csv:2: the policy has no group pupilz; did you mean pupils?*" \
	ctl user import "$roster"
ctl user import "$roster" >/dev/null 2>&1
sees "and its exit code" 4 echo $?
sees "a column that is none" "*:1:6: unknown column \"gruop\": is it \"group\"?*" \
	ctl user import <(echo user,gruop; echo pupil12,pupils) --dry-run 2>&1
sees "nobody is registered" 0 users

# ---- and when nothing is ----
printf '\xef\xbb\xbfForm,Full Name,Login,Group\r\n4B,"Twelve, Pupil",pupil12,pupils\r\n4B,Pupil 13,pupil13,\r\n,=Teacher,teacher3,staff\r\n' \
	>"$roster"
sees "a trial shows line by line" "*+ class 4B*+ user  pupil12*+ user  pupil13*+ user  teacher3*" \
	ctl user import "$roster" --dry-run
sees "and does nothing" 0 users
holds "the roster is taken" ctl user import "$roster"
sees "all of it" 3 users
sees "who did it" "root user import 3 users in the file: 3 new, 0 changed, 0 left, 1 new classes" changes
sees "a second time" "nothing to change" ctl user import "$roster"
sees "what a spreadsheet would compute is marked" '*"teacher3","'"'"'=Teacher","staff",""*' ctl user export
ctl user export >"$run/again.csv"
sees "and read back as it was" "nothing to change" ctl user import "$run/again.csv" --remove-leavers
sees "a class without a group" "*pupil13*4B*" ctl user ls --class 4b
holds "the class gets one" ctl class set 4B --group pupils --room r1
sees "which is that of its users" "pupils class" eval 'ctl user show pupil13 --json | jq -r "\"\(.group) \(.by)\""'
sees "a room that is in use" "*still in use*" ctl room remove R1
sees "a class that there is not" "*there is no class 4C; did you mean 4B?*" ctl device set pupil-laptop --class 4C

# ---- devices have class and room ----
printf 'name,mac,class,room\ntablet-1,02:00:00:00:00:21,4B,R1\ntablet-2,02:00:00:00:00:22,4b,R9\n' >"$run/devices.csv"
sees "a room that there is not" "*devices.csv:3: there is no room R9; did you mean R1?*" ctl device import "$run/devices.csv"
sed -i s/R9/R1/ "$run/devices.csv"
holds "devices with class and room" ctl device import "$run/devices.csv"
sees "in the group of their class" "pupils 3" eval 'ctl group ls --json | jq -r "select(.group == \"pupils\") | \"\(.group) \(.devices)\""'
printf 'mac,name\n02:00:00:00:00:21,tablet-one\n' >"$run/devices.csv"
holds "a sheet without these columns" ctl device import "$run/devices.csv"
sees "leaves what is there" '*"tablet-one","","","","4B","R1"*' ctl device export

# ---- events tell who it was ----
ctl session start --user pupil12 --device pupil-laptop >/dev/null || bail_out "no session"
asks pupil games.example.com >/dev/null
comes "the refused name, with the user and the class" 5 matches "pupil12 4B" eval \
	'log --user PUPIL12 --name games.example.com | head -n 1 | jq -r "\"\(.user) \(.class)\""'
sees "by class" 1 eval 'log --class 4B --name games.example.com | wc -l'
sees "not by another" 0 eval 'log --class 5C | wc -l'
sees "how it is known, how sure, and what could be judged by" "user high name" eval \
	'log --user pupil12 | head -n 1 | jq -r "\"\(.how) \(.confidence) \(.known)\""'
sees "the table has the user" "*pupil12*games.example.com*" ctl log --user pupil12

# ---- leavers ----
sed -i '/pupil12/d' "$roster"
sees "who is missing stays" "nothing to change" ctl user import "$roster"
sees "unless leavers are meant" "*- user  pupil12*left*" ctl user import "$roster" --remove-leavers
sees "the session is over" none ctl session ls
sees "whoever left is kept" "*pupil12*" ctl user ls --left
sees "and so is what was done" 1 eval 'log --user pupil12 --name games.example.com | wc -l'
{
	echo user
	seq -f 'pupil%.0f' 100 140
} >"$run/many.csv"
ctl user import "$run/many.csv" >/dev/null
sees "half a school does not leave by mistake" "*nothing was changed: 41 of 43 users would leave*" \
	ctl user import "$roster" --remove-leavers
sees "nobody did" 43 users
holds "but if it is meant" ctl user import "$roster" --remove-leavers --accept-shrunk
sees "they are gone" 2 users
holds "one is back" ctl user add pupil12 --class 4B

# ---- who had which group, since when, by whom ----
sees "the access register" "*device pupil-laptop*pupils*root*" ctl access ls
sees "of one user, all of it" 2 eval 'ctl access ls --user pupil12 --csv | tail -n +2 | grep -c pupils'
sees "who ended it" "root" eval 'ctl access ls --user pupil12 --json | head -n 1 | jq -r .ended_by'
sees "as it was at a time" none ctl access ls --at 2020-01-01
sees "the chain of changes is whole" 0 sqlite3 "$run/state/register.db" \
	"SELECT count(*) FROM changes a JOIN changes b ON b.id = a.id + 1 WHERE a.time > b.time"
comes "metrics count them" 5 eval 'as gateway curl -s http://127.0.0.1:9464/metrics | grep -qx "esafe_users 3"'
