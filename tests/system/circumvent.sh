#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Real programs that lead round filters, with their servers outside: what the shipped policy stops for pupils, what a
# group with `unresolved: refuse` and `unnamed: refuse` stops, and what neither does. The README says the same.
. "$(dirname "$0")/lib.sh"
open_empty_school
lay_out
sed 's/^  ks2:/  careful: { inherit: pupils, unresolved: refuse, unnamed: refuse }\n\n&/' "$top/daemon/share/policy.yaml" \
	>"$run/policy.yaml"
start_filter
end_grace
ctl device add 02:00:00:00:00:11 shipped-laptop --group pupils >/dev/null
ctl device add 02:00:00:00:00:12 careful-laptop --group careful >/dev/null
cd "$run" || exit 1
blocked=social.example.com far=edge.cdn-two.example far4=203.0.113.82 unasked=203.0.113.2

serve() { as internet "$@" </dev/null >>far.log 2>&1 & }
use() { for host in pupil staff; do as $host "$@" </dev/null >>near.log 2>&1 & done; }

# ---- the far side: proxies, and what leads to them ----
serve microsocks -p 1080
printf 'Port 3128\nAllow 0.0.0.0/0\nLogFile "/dev/null"\n' >proxy.conf
serve tinyproxy -d -c proxy.conf
secret="-k secret -m aes-256-gcm"
dressed="--plugin obfs-server --plugin-opts obfs=tls"
serve ss-server -s 0.0.0.0 -p 8388 $secret
serve ss-server -s 0.0.0.0 -p 8389 $secret $dressed
printf '%s\n' foreground=yes "cert=$run/web/cert.pem" "key=$run/web/key.pem" \
	'[socks]' accept=0.0.0.0:8447 connect=127.0.0.1:1080 '[proxy]' accept=0.0.0.0:8448 connect=127.0.0.1:3128 >stunnel-far.conf
serve stunnel4 stunnel-far.conf
trojan() { # run type, local address and port, remote address and port, more of "ssl"
	jq -n --arg type "$1" --arg local "$2" --argjson port "$3" --arg remote "$4" --argjson remote_port "$5" \
		--argjson ssl "$6" \
		'{ run_type: $type, local_addr: $local, local_port: $port, remote_addr: $remote, remote_port: $remote_port,
		   password: ["secret"], $ssl, tcp: {}, mysql: { enabled: false } }'
}
trojan server 0.0.0.0 8450 127.0.0.1 80 "{ \"cert\": \"$run/web/cert.pem\", \"key\": \"$run/web/key.pem\" }" >trojan-far.json
serve trojan trojan-far.json
mkdir -p obfs4-far obfs4-pupil obfs4-staff
TOR_PT_MANAGED_TRANSPORT_VER=1 TOR_PT_STATE_LOCATION=$run/obfs4-far TOR_PT_SERVER_TRANSPORTS=obfs4 \
	TOR_PT_SERVER_BINDADDR=obfs4-0.0.0.0:8451 TOR_PT_ORPORT=127.0.0.1:3128 serve obfs4proxy
printf '%s\n' "listen = $unasked" 'port = 53' 'user = root' 'chroot = /tmp' 'domain = t.tunnel.example' \
	'resources = socks:127.0.0.1:1080' >dns2tcp.conf
serve dns2tcpd -F -f dns2tcp.conf
serve ptunnel
openvpn --genkey secret static.key
serve openvpn --dev null --secret static.key --cipher AES-256-CBC --local $far4 --lport 1194 --ping 1 --float

# ---- on the devices ----
for host in pupil staff; do
	sees "the far name" "*$far4*" asks $host $far
done
use ss-local -s $far4 -p 8388 -l 1081 $secret
use ss-local -s $far4 -p 8389 -l 1082 $secret --plugin obfs-local --plugin-opts "obfs=tls;obfs-host=www.example.org"
use ss-local -s $unasked -p 8388 -l 1083 $secret
printf '%s\n' foreground=yes client=yes '[socks]' accept=127.0.0.1:1084 connect=$far4:8447 sni=$far >stunnel-near.conf
use stunnel4 stunnel-near.conf
trojan client 127.0.0.1 1085 $far4 8450 '{ "verify": false, "verify_hostname": false, "sni": "www.example.org" }' >trojan-near.json
use trojan trojan-near.json
use dns2tcpc -z t.tunnel.example -r socks -l 1086 $unasked
as pupil ptunnel -p $far4 -lp 1087 -da 127.0.0.1 -dp 1080 </dev/null >>near.log 2>&1 &
for host in pupil staff; do
	TOR_PT_MANAGED_TRANSPORT_VER=1 TOR_PT_STATE_LOCATION=$run/obfs4-$host TOR_PT_CLIENT_TRANSPORTS=obfs4 \
		as $host obfs4proxy </dev/null >obfs4-$host.log 2>&1 &
done
listen() { # a device, ports
	local host=$1 port
	shift
	for port in "$@"; do
		[ -n "$(as "$host" ss -Hlnt "sport = :$port")" ] || return 1
	done
}
comes "the far side listens" 10 listen internet 1080 3128 8388 8389 8447 8448 8450 8451
for host in pupil staff; do
	comes "the programs listen" 10 listen $host 1081 1082 1083 1084 1085 1086
	comes "and obfs4" 10 grep -q '^CMETHODS DONE' obfs4-$host.log
done

comes "and ptunnel" 10 listen pupil 1087

# Through a proxy: "through", or "stopped".
tries() {
	local host=$1
	shift
	as "$host" curl -sSk --max-time $((3 * ${ESAFE_PATIENCE:-1})) "$@" "https://$blocked/" 2>&1 |
		grep -q "reached $blocked over https" && echo through || echo stopped
}
row() { # what, what becomes of it by the shipped policy, and in the careful group; curl's words
	local what=$1 shipped=$2 careful=$3
	shift 3
	sees "$what, shipped" "$shipped" tries pupil "$@"
	sees "$what, careful" "$careful" tries staff "$@"
}
row "no proxy" stopped stopped
row "no proxy, by number" stopped stopped --connect-to "::$web4:"
row "a proxy of HTTP" stopped stopped --proxy http://$far4:3128
row "SOCKS" stopped stopped --proxy socks5h://$far4:1080
row "Shadowsocks" through stopped --proxy socks5h://127.0.0.1:1081
row "Shadowsocks, by number" through stopped --proxy socks5h://127.0.0.1:1083
sees "an ICMP tunnel, shipped" stopped tries pupil --max-time 2 --proxy socks5h://127.0.0.1:1087
obfs4() { # a device; both halves of the bridge's line are its client's user and password
	local cert
	cert=$(sed -n 's/^Bridge obfs4 .* \(cert=[^ ]*\) iat-mode=0$/\1/p' obfs4-far/obfs4_bridgeline.txt | jq -rR @uri)
	tries "$1" --preproxy "socks5://$cert:%3Biat-mode%3D0@$(sed -n 's/^CMETHOD obfs4 socks5 //p' "obfs4-$1.log")" \
		--proxy http://$far4:8451
}
sees "obfs4, shipped" through obfs4 pupil
sees "obfs4, careful" stopped obfs4 staff
static_key() { # a device
	grep -qm1 'Peer Connection Initiated' < <(as "$1" timeout $((2 * ${ESAFE_PATIENCE:-1})) openvpn --dev null \
		--secret static.key --cipher AES-256-CBC --remote $far4 1194 --nobind --ping 1 2>&1) && echo through || echo stopped
}
sees "OpenVPN with a static key, shipped" through static_key pupil
sees "OpenVPN with a static key, careful" stopped static_key staff

# ---- what says a name that nobody lists, or asks questions ----
row "a proxy of HTTPS" through through --proxy-insecure --proxy https://$far:8448
row "SOCKS in TLS" through through --proxy socks5h://127.0.0.1:1084
row "Trojan, with another's name" through through --proxy socks5h://127.0.0.1:1085
row "Shadowsocks, dressed as TLS" through through --proxy socks5h://127.0.0.1:1082
row "a DNS tunnel" through through --proxy socks5h://127.0.0.1:1086

# ---- in the log ----
log() { ctl log --json --verdict block | jq -r '"\(.device) \(.reason)"' | sort -u; }
logged() { matches "*$1*" log; }
for line in "shipped-laptop category" "shipped-laptop icmp" "careful-laptop unnamed" "careful-laptop unresolved"; do
	comes "in the log: $line" 5 logged "$line"
done
