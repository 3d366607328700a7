#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Wrong files and wrong commands: a clear message with its place, and nothing has changed.
. "$(dirname "$0")/lib.sh"
open_school school.yaml

version() { ctl status --json | jq -r '.policy.version // .policy_version // .version'; }
before=$(version)

wrong() { # what is wrong, sed expression that breaks the policy, expected in the message
	sed "$2" "$tests/school.yaml" >"$run/wrong.yaml"
	sees "$1" "*wrong.yaml:[0-9]*:[0-9]*: $3*" ctl policy check "$run/wrong.yaml"
	fails "$1, applied" ctl policy apply "$run/wrong.yaml"
}
exit_code() { "$@" >/dev/null 2>&1; echo $?; }

wrong "an unknown key" 's/^groups:/gruops:/' '*gruops*groups*'
wrong "an unknown category" 's/social: block/socail: block/' '*socail*social*'
wrong "an unknown verdict" 's/social: block/social: blok/' '*blok*block*'
wrong "an unknown group to inherit" 's/inherit: pupils/inherit: pupil/' '*pupil*pupils*'
wrong "a time that is none" 's/Mon-Sun 00:00-00:01/Mon-Sun 25:00-26:00/' '*25:00*'
wrong "an unknown day" 's/Mon-Sun/Mon-Snu/' '*Snu*'
wrong "a site that is no name" 's/kids.games.example.com: allow/"kids games": allow/' '*kids games*'
wrong "a group given twice" '/^groups:/a \  staff: { }' '*staff*'
wrong "a list of an unknown category" 's/category: games/category: gamse/' '*gamse*games*'
wrong "not YAML" 's/^groups:/groups: [/' '*'
sees "exit code of a file with problems" 4 exit_code ctl policy check "$run/wrong.yaml"
sees "a file that is not there" "*nowhere.yaml*" ctl policy check "$run/nowhere.yaml"
sees "exit code of an unknown verb" 2 exit_code ctl polcy check x
sees "an unknown verb: what was meant" "*policy*" ctl polcy check x
head -c 300000 /dev/urandom >"$run/noise.yaml"
fails "noise" ctl policy apply "$run/noise.yaml"
: >"$run/empty.yaml"
fails "an empty policy" ctl policy apply "$run/empty.yaml"
printf 'a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n' >"$run/laughs.yaml"
fails "aliases of aliases" ctl policy apply "$run/laughs.yaml"
sees "the policy is the one from before" "$before" version
sees "and still filters" NXDOMAIN asks pupil games.example.com

# ---- lists ----
lists=$run/share/lists
mv "$lists/games.txt" "$lists/gone.txt"
sees "a list that vanished: said loudly" "*games*" ctl list reload
sees "the old one is kept" NXDOMAIN asks pupil games.example.com
: >"$lists/games.txt"
sees "a list that shrank to nothing: said" "*games*" ctl list reload
sees "the old one is kept again" NXDOMAIN asks pupil games.example.com
head -c 100000 /dev/urandom >"$lists/games.txt"
ctl list reload >/dev/null 2>&1
sees "noise instead of a list" NXDOMAIN asks pupil games.example.com
echo '<!DOCTYPE html><html><body>404 Not Found</body></html>' >"$lists/games.txt"
ctl list reload >/dev/null 2>&1
sees "an error page instead of a list" NXDOMAIN asks pupil games.example.com
stop_filter
start_filter
sees "also after a restart" NXDOMAIN asks pupil games.example.com
mv "$lists/gone.txt" "$lists/games.txt"
echo newgame.example.com >>"$lists/games.txt"
holds "a good list again" ctl list reload
sees "with its new name" NXDOMAIN asks pupil newgame.example.com

# ---- which list? ----
sees "which list holds a name" "*games*" ctl list find games.example.com
sees "and one below it" "*games*" ctl list find deep.games.example.com
sees "a name on no list" 1 exit_code ctl list find nowhere.example.com
sees "a locked list says only that it is locked" "*lock*" ctl list find illegal.example.com
fails "its text is told nowhere" eval 'ctl list ls --json | grep illegal.example.com'

# ---- a daemon that is not there, a socket that is no daemon's ----
stop_filter
sees "exit code without a daemon" 3 exit_code ctl status
start_filter

# ---- hostile lines on the socket ----
shout() { python3 - "$run/run/control" "$1" <<-'END'
	import socket, sys
	s = socket.socket(socket.AF_UNIX)
	s.settimeout(5)
	s.connect(sys.argv[1])
	try:
	    s.sendall(eval(sys.argv[2]))
	    s.shutdown(socket.SHUT_WR)
	    print(s.recv(65536).decode(errors="replace")[:200])
	except OSError as e:
	    print("closed", e)
	END
}
sees "no JSON" '*end*usage*' shout 'b"hello\n"'
sees "JSON, but no request" '*end*usage*' shout 'b"[1,2,3]\n"'
sees "an unknown verb" '*end*usage*' shout 'b"{\"esafe\":1,\"verb\":\"fly\",\"args\":{}}\n"'
sees "arguments of a wrong kind" '*end*usage*' shout 'b"{\"esafe\":1,\"verb\":\"why\",\"args\":{\"name\":[1]}}\n"'
shout 'b"x" * 50000000' >/dev/null
shout 'b"[" * 1000000 + b"\n"' >/dev/null
shout 'bytes(range(256)) * 100 + b"\n"' >/dev/null
holds "the daemon lives" ctl status
sees "and filters" NXDOMAIN asks pupil games.example.com
