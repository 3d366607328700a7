#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The units as a gateway runs them: installed, started by systemd as they stand, behind all that they forbid themselves.
# Told in a machine of its own (scripts/check-kernels booted): it installs into /usr/local and /etc.
. "$(dirname "$0")/../system/lib.sh"
[ "$(cat /proc/1/comm)" = systemd ] && [ -n "${ESAFE_BOOTED:-}" ] || {
	echo "units: is only told in a machine of its own, see scripts/check-kernels" >&2
	exit 1
}
trap 'echo "units: $passed passed, $failed failed"' EXIT
as_pupil() { ip netns exec pupil "$@"; }
answer() { as_pupil dig +tries=2 +time=10 @10.9.0.1 "$1" A | sed -n 's/.*status: \([A-Z]*\),.*/\1/p'; }
esafectl() { /usr/local/bin/esafectl "$@"; }
main_pid() { systemctl show -P MainPID "$1"; }

# ---- a gateway with one device ----
ip netns add pupil
ip link add lan0 type veth peer name eth0 netns pupil
ip addr add 10.9.0.1/24 dev lan0
ip link set lan0 up
as_pupil ip addr add 10.9.0.10/24 dev eth0
as_pupil ip link set eth0 up
as_pupil ip link set lo up
holds "make install" make -s -C "$top" install
holds "accounts and groups" systemd-sysusers
sed -i 's/name: eth1/name: lan0/' /etc/esafe/esafed.yaml
printf 'password of the access point\n' >/etc/esafe/wifi.secret
chmod 600 /etc/esafe/wifi.secret
cat >>/etc/esafe/esafed.yaml <<'END'
radius:
  clients:
    - { name: wifi, address: 10.9.0.0/24, secret: /etc/esafe/wifi.secret }
END
sed -i 's/192\.168\.1\.1/10.9.0.1/' /etc/esafe/pages.yaml
cp "$tests/school.yaml" /etc/esafe/policy.yaml
cp "$tests"/lists/*.txt /usr/local/share/esafe/lists/
sed -i 's/interface: lan1, group: guests/interface: lan0, group: pupils/' /etc/esafe/policy.yaml
useradd --no-create-home --groups esafe-teacher teacher3
echo 'teacher3:a long word' | chpasswd

# ---- they start, and do what they are for ----
systemctl daemon-reload
holds "esafed starts" systemctl start esafed.service
[ $failed -eq 0 ] || {
	journalctl -q --no-pager -o cat -u esafed.service | tail -n 40
	exit 1
}
sees "and is what systemd sees" active systemctl is-active esafed.service
sees "it filters" NXDOMAIN answer games.example.com
holds "the pages start" systemctl start esafe-pages.service esafe-login.socket
sees "a page for devices" "*text/css*" as_pupil curl -sSi --max-time 30 http://10.9.0.1/style.css
holds "a teacher is known" esafectl user add teacher3 --group staff
sees "an access point is heard" "*Accounting-Response*" eval 'printf "%s\n" Acct-Status-Type=Start User-Name=teacher3 \
	Calling-Station-Id=02-00-00-00-00-13 Acct-Session-Id=a1 Framed-IP-Address=10.9.0.13 |
	as_pupil radclient -x -t 10 -r 2 10.9.0.1:1813 acct "$(cat /etc/esafe/wifi.secret)"'
sees "and who came is there" teacher3 eval 'esafectl session ls --json | jq -r .user'
secure=https://10.9.0.1:8443
mark=$(as_pupil curl -sk --max-time 30 -c /tmp/cookies $secure/teacher |
	sed -n 's/.*name="mark" value="\([0-9a-f]*\)".*/\1/p' | head -n 1)
sees "a teacher signs in with the password of this machine" "303 $secure/teacher" as_pupil curl -sko /dev/null \
	--max-time 30 -b /tmp/cookies -w '%{http_code} %{redirect_url}' -d "mark=$mark" -d user=teacher3 \
	-d 'password=a long word' $secure/teacher/login
holds "the policy is applied" esafectl policy apply
holds "figures, here" curl -sf --max-time 30 http://127.0.0.1:9464/metrics

# ---- the filter goes on without it, and it comes back ----
systemctl stop esafed.service
sees "stopped: it filters" NXDOMAIN answer games.example.com
systemctl start esafed.service
killed=$(main_pid esafed.service)
kill -KILL "$killed"
sees "killed: it filters" NXDOMAIN answer games.example.com
comes "it is started again" 60 eval '[ "$(main_pid esafed.service)" != "$killed" ] && systemctl is-active esafed.service'
kill -KILL "$(main_pid esafe-pages.service)"
comes "the pages, too" 60 as_pupil curl -sf --max-time 30 http://10.9.0.1/style.css
holds "reloading" systemctl reload esafed.service
sees "nothing failed" "" systemctl list-units --failed --plain --no-legend 'esafe*'
sees "nothing was forbidden that is needed" "" journalctl -q --no-pager -u 'esafe*' -g 'permitted|denied|Permission' -o cat
[ $failed -eq 0 ] || journalctl -q --no-pager -u 'esafe*' | tail -n 60
[ $failed -eq 0 ]
