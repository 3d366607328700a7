#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Where the programs sit and how long they stay: two LANs, VLAN tags, a stop, a new start, an interface that comes
# back, and the one way to switch off.
. "$(dirname "$0")/lib.sh"
open_school school.yaml

programs() { # interface
	as gateway tc filter show dev "$1" ingress
	as gateway tc filter show dev "$1" egress
}
attached() { [ "$(programs "$1" | grep -c 'bpf.*esafe')" -ge 2 ]; }
pins() { ls "/sys/fs/bpf/es-$tag" | sort; }

holds "both directions of the first LAN" attached lan0
holds "both directions of the second LAN" attached lan1
fails "nothing towards the Internet" attached wan0
holds "programs and maps are pinned" [ "$(pins | wc -l)" -ge 5 ]
sees "each of them once, lan0" 2 eval 'programs lan0 | grep -c "bpf.*esafe"'

# ---- a stop leaves everything in place ----
pinned=$(pins)
map_ids() {
	local pin
	for pin in verdicts judged opening events device; do
		bpftool -j map show pinned "/sys/fs/bpf/es-$tag/$pin" | jq .id
	done
}
maps=$(map_ids)
stop_filter TERM
sees "the pins stay" "$pinned" pins
holds "the programs stay" attached lan0
sees "and filter" NXDOMAIN asks pupil games.example.com
sees "and allow" "$web4" asks pupil www.example.com
sees "and reset" reset loads pupil https://games.example.com/ --connect-to "::$web4:"

# ---- a start takes over what is there; open connections live on ----
mkfifo "$run/talk"
as pupil openssl s_client -quiet -connect $web4:443 -servername www.example.com -alpn http/1.1 <"$run/talk" >"$run/heard" 2>/dev/null &
exec 3>"$run/talk"
talk() { (printf 'GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n' >&3) 2>/dev/null; } # a shell of its own: SIGPIPE
talk
heard() { [ "$(grep -c '<p>reached' "$run/heard")" -ge "$1" ]; }
comes "a long connection" 5 heard 1
start_filter
sees "the maps are the same ones" "$maps" map_ids
sees "not attached twice" 2 eval 'programs lan0 | grep -c "bpf.*esafe"'
talk
comes "the connection goes on after the start" 5 heard 2
sees "the register is known again" "$web4" asks staff games.example.com

# ---- VLAN tags, one and two: the same verdict, the answer tagged alike ----
frame() { as pupil "$tools/frame" -w 500 "$@" eth0 02:00:00:00:01:01 192.0.2.11 $dns4 "$name"; }
name=games.example.com
sees "no tag" NXDOMAIN frame
sees "802.1Q" NXDOMAIN frame -t 20
sees "802.1ad over 802.1Q" NXDOMAIN frame -t 100 -t 20
name=$(below tagged.example.com)
sees "an allowed name in a VLAN is passed on, to a gateway without that VLAN" nothing frame -t 20
vlan() { ctl log --json --name tagged.example.com | head -n 1 | jq -r '"\(.verdict) \(.vlan_outer // .vlan_inner)"'; }
comes "and logged with its VLAN" 5 matches "allow 20" vlan
name=visitors.example.com
sees "a VLAN may have a group of its own" NXDOMAIN \
	as unknown "$tools/frame" -w 500 -t 30 eth0 02:00:00:00:01:01 192.0.2.13 $dns4 $name
vlan_group() { ctl log --json --name $name | head -n 1 | jq -r '"\(.group) \(.how)"'; }
comes "known by the VLAN" 5 matches "guests vlan" vlan_group

# ---- an interface goes away and comes back ----
as gateway ip link del lan1
holds "the daemon lives without its second LAN" ctl status
sees "the first LAN is filtered" NXDOMAIN asks pupil games.example.com
ip link add lan1 netns "es-$tag-gateway" type veth peer name eth0 netns "es-$tag-guest"
as gateway sh -c 'ip addr add 198.51.100.1/24 dev lan1; ip link set lan1 up'
ip -n "es-$tag-guest" -batch - <<-END
	link set eth0 address 02:00:00:00:00:14 up
	addr add 198.51.100.14/24 dev eth0
	route add default via 198.51.100.1
END
comes "the second LAN is back: attached again" 20 attached lan1
comes "and filtered" 5 matches NXDOMAIN asks guest games.example.com

# ---- switched off, on purpose ----
holds "detach" ctl detach --yes
fails "no program is left" attached lan0
sees "no pin is left" "" eval 'pins 2>/dev/null'
sees "nothing is filtered" "$web4" asks pupil games.example.com
