#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What DHCP servers know: the leases of Kea and dnsmasq name machines that nobody registered, and guests are told where
# their portal is.
. "$(dirname "$0")/lib.sh"
open_empty_school
lay_out
cp "$tests/pages.yaml" "$run/policy.yaml"
leases=$run/kea/kea-leases4.csv
mkdir "$run/kea"
echo "dhcp_leases: [$run/dhcp.leases, $leases]" >>"$run/esafed.yaml"
school accounts "$tag"
start_filter

# Asks a DHCP server: host, what the machine calls itself, further words. Prints what option 114 says.
cat >"$run/told" <<'END'
#!/bin/sh
[ "$1" != bound ] || echo "$opt114" | sed 's/../\\x&/g' | xargs -0 printf '%b'
END
chmod +x "$run/told"
join_network() {
	local host=$1 name=$2
	shift 2
	as "$host" busybox udhcpc -i eth0 -f -n -t 10 -T 1 -O 114 -x "hostname:$name" -s "$run/told" "$@" 2>>"$run/udhcpc.log"
}

# What the log calls a device, by a question that nobody asked before.
name_of() {
	asked=$SRANDOM # also in a shell of its own
	asks "$1" "q$asked.$1.example.com" A @$dns4 >/dev/null
	within 5 is_logged "$1"
	jq -r .device "$run/logged"
}
is_logged() { ctl log --name "q$asked.$1.example.com" --json >"$run/logged"; [ -s "$run/logged" ]; }
is_called() { [[ $(name_of "$1") == "$2" ]]; }

# ---- Kea ----
cat >"$run/kea/kea.conf" <<END
{ "Dhcp4": {
	"interfaces-config": { "interfaces": [ "lan0" ] },
	"lease-database": { "type": "memfile", "name": "$leases", "lfc-interval": 2 },
	"subnet4": [ { "subnet": "192.0.2.0/24", "pools": [ { "pool": "192.0.2.100 - 192.0.2.150" } ] } ],
	"loggers": [ { "name": "kea-dhcp4", "severity": "INFO", "output_options": [ { "output": "$run/kea/log" } ] } ]
} }
END
as gateway env KEA_PIDFILE_DIR="$run/kea" KEA_LOCKFILE_DIR="$run/kea" kea-dhcp4 -c "$run/kea/kea.conf" \
	</dev/null >"$run/kea/out" 2>&1 &
kea=$!
comes "Kea starts" 10 grep -q DHCP4_STARTED "$run/kea/log"
fails "nobody knows the machine" is_called unknown "dhcp:*"
holds "it gets an address" join_network unknown tablet-7 -q
comes "and is called what it calls itself" 10 is_called unknown dhcp:tablet-7
has_been_tidied() { [ -s "$leases.2" ] && [ "$(wc -l <"$leases")" -eq 1 ] && [ ! -e "$leases.1" ]; }
comes "Kea tidies up" 15 has_been_tidied
holds "another machine comes" join_network staff laptop-8 -q
comes "that is read" 10 is_called staff dhcp:laptop-8
sees "the first is not forgotten" dhcp:tablet-7 name_of unknown
holds "it gives its address back" join_network unknown tablet-7 -q -R
comes "and is nobody again" 10 eval '! is_called unknown "dhcp:*"'
kill "$(cat "$run/kea/kea.kea-dhcp4.pid")"
wait $kea

# ---- option 114 (RFC 8910), and the API behind it (RFC 8908) ----
school pages "$tag" || bail_out "esafe-pages does not start"
uri=$(join_network guest phone-3 -q)
sees "a guest is told where to ask" https://192.0.2.1:8443/captive-portal/api echo "$uri"
sees "in the API's own type" "application/captive+json*" \
	as guest curl -sSk --max-time 5 -o "$run/api" -w '%{content_type}' "$uri"
sees "whether it is let in" "true https://192.0.2.1:8443/portal" jq -r '"\(.captive) \(.["user-portal-url"])"' "$run/api"
comes "the second server's leases count, too" 10 is_called guest dhcp:phone-3
