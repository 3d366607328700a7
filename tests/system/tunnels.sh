#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Real clients of tunnels: refused within a second to pupils, open to the group that may, and in the log by name.
. "$(dirname "$0")/lib.sh"
open_empty_school
lay_out
sed 's/^  staff:/&\n    tunnels: [openvpn, ssh, ipsec, wireguard]/' "$tests/school.yaml" >"$run/policy.yaml"
start_filter
enrol_devices
cd "$run" || exit 1

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=far -keyout far.key -out far.pem 2>/dev/null
openvpn --genkey secret ta.key
dropbearkey -t ed25519 -f host.key >/dev/null 2>&1
serve() { as internet "$@" </dev/null >>"$run/far.log" 2>&1 & }
tls="--dev null --ca far.pem --cert far.pem --key far.key --verb 3"
# The shape counts, not the port; with and without tls-crypt.
serve openvpn $tls --tls-server --dh none --local 203.0.113.80 --proto udp --lport 1198
serve openvpn $tls --tls-server --dh none --local 203.0.113.80 --proto udp --lport 57 --tls-crypt ta.key
for port in 1194 1195; do # each serves one client, and starts anew when that has gone
	serve openvpn $tls --tls-server --dh none --proto tcp-server --lport $port
done
serve dropbear -F -E -r host.key -p 203.0.113.80:22 -p 203.0.113.80:8022

# What a client of OpenVPN came to: "answered" (a packet of the server came), "refused" or "nothing".
vpn() { # host, its --proto, port, more
	local host=$1 proto=$2 port=$3
	shift 3
	case $(grep -m1 -oE 'TLS: Initial packet|Connection refused|Connection reset' < <(as "$host" \
		timeout $((2 * ${ESAFE_PATIENCE:-1})) openvpn $tls --tls-client --remote 203.0.113.80 "$port" --proto "$proto" \
		--nobind --connect-retry 9 "$@" 2>&1)) in
	TLS*) echo answered ;;
	Connection*) echo refused ;;
	*) echo nothing ;;
	esac
}
ssh_says() { as "$1" timeout 5 dbclient -y -p "$2" x@203.0.113.80 true </dev/null 2>&1; }
listens() { as internet ss -Hlnt 'sport = :8022 or sport = :1194 or sport = :1195' | awk 'END { exit NR < 3 }' && [ -n "$(as internet ss -Hlnu 'sport = :57')" ]; }
comes "the far side listens" 10 listens

began=${EPOCHREALTIME/.}
sees "OpenVPN over UDP" refused vpn pupil udp 1198
ms=$(((${EPOCHREALTIME/.} - began) / 1000))
if [ $ms -lt $((1000 * ${ESAFE_PATIENCE:-1})) ]; then good; else bad "that took $ms ms"; fi
sees "with tls-crypt, to another port" refused vpn pupil udp 57 --tls-crypt ta.key
sees "OpenVPN over TCP" refused vpn pupil tcp-client 1194
sees "staff: OpenVPN over UDP" answered vpn staff udp 1198
sees "staff: with tls-crypt" answered vpn staff udp 57 --tls-crypt ta.key
sees "staff: over TCP" answered vpn staff tcp-client 1195
for port in 22 8022; do
	sees "SSH, port $port" "*closed*" ssh_says pupil $port
	sees "staff: SSH, port $port" "*key accepted*" ssh_says staff $port
done
sees "IKE" "*0 returned handshake*" as pupil ike-scan --retry=1 --timeout=300 --sport=0 203.0.113.80

# WireGuard, as its initiator begins: an answer of ICMP means refused; silence means that it went out.
initiation=01000000$(printf '%0144d' 7)$(printf '%0144d' 0)
sees "WireGuard" refused as pupil "$tools/udp" -w 1000 203.0.113.80 51820 "$initiation"
sees "staff: WireGuard goes out, to nobody" nothing as staff "$tools/udp" -w 300 203.0.113.123 51820 "$initiation"
log() { ctl log --json "$@" | jq -r 'select(.verdict) | "\(.device) \(.verdict) \(.reason)"' | sort -u; }
logged() { matches "*$1*" log; }
for line in "pupil-laptop block openvpn" "pupil-laptop block ssh" "pupil-laptop block ipsec" "pupil-laptop block wireguard"; do
	comes "in the log: $line" 5 logged "$line"
done
fails "nothing of a name that is no tunnel" logged "pupil-laptop block unnamed"
