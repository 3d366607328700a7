#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Strangers at the pages: every field of every form is sent what nobody should send, forms come from elsewhere, sessions
# are stolen, codes and passwords guessed. hostile.py has the table; it must be that of the program.
. "$(dirname "$0")/lib.sh"
open_school_of_pages
printf '%s required pam_unix.so nodelay\n' auth account >"$gateway/pam.d/esafe"
hash=$(openssl passwd -6 "a long word")
for i in {10..39}; do
	echo "teacher$i:x:700$i:60004::/:/usr/sbin/nologin" >>"$gateway/passwd"
	echo "teacher$i:$hash:20000:0:99999:7:::" >>"$gateway/shadow"
done
echo "Be kind </textarea><script>document.title='ran'</script>" >"$run/terms.txt"
sed -i 's/lan0, identity: mac/lan0, identity: address/' "$run/esafed.yaml" # each address is a device of its own
printf '%s\n' "terms: $run/terms.txt" "logon: { http: own }" >>"$run/esafed.yaml"
mkdir -p "$run/pages"
chown 60006:60006 "$run/pages"
cat >"$run/pages.yaml" <<END
listen: [192.0.2.1, "2001:db8:1::1"]
school: "The <b>school</b> of \"O'Neill\" & others"
tell: "<img src=x onerror=alert(1)>"
files_dir: $run/share/pages
state_dir: $run/pages
socket: $run/run/control
logon: { token: $run/logon.token }
END
openssl rand -hex 32 >"$run/logon.token"
chmod 640 "$run/logon.token"
chown 0:60006 "$run/logon.token"
ip -n "es-$tag-gateway" route add 2001:db8:9::/64 via 2001:db8:1::12
ip -n "es-$tag-staff" route add local 2001:db8:9::/64 dev lo
start_filter
ctl class add 4B --group pupils >/dev/null
ctl voucher new --group guests --for 4h --sponsor teacher3 --count 200 --json | jq -r .code >"$run/codes"
school pages "$tag" || bail_out "esafe-pages does not start"
anew() { # forgets the guesses
	school unpages "$tag"
	stop_filter
	start_filter
	school pages "$tag"
}

hostile() { timeout 120 python3 -B "$tests/hostile.py" "$run" "es-$tag-gateway" "es-$tag-staff" "$@"; }
clean() { # what is told of a step
	sees "$1" "*[1-9]* checks, 0 faults" hostile "${@:2}"
}
clean "the table is that of the program" routes
hostile slow >"$run/slow.out" 2>&1 &
slow=$!
clean "the block page, the logon" fields 1
clean "the page of teachers" fields 3
clean "what was taken is text" shown
clean "heads and sessions" heads
wait $slow
sees "who is slow is not heard for ever" "*[1-9]* checks, 0 faults" cat "$run/slow.out"
anew
clean "portal and log-in" fields 2
anew
clean "forms of others" forged
anew
clean "guessing" force
sees "refusals are in the log" "[1-9]*" grep -c "is refused" "$run/pages.log"
sees "each on one line of letters" "" grep -avP '^esafe-pages: [\x20-\x7e]*$' "$run/pages.log"
fails "and nothing is wrong" eval 'grep -v "is refused" "$run/pages.log" | grep -iE "error|cannot|runtime"'
sees "the register is whole" ok sqlite3 "$run/state/register.db" "PRAGMA integrity_check"
