#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Real clients whose connections begin plainly and go over to TLS: judged by the name that they say then. And what else
# is known by its shape on any port: SOCKS, questions over TCP.
. "$(dirname "$0")/lib.sh"
open_empty_school
lay_out
sed 's/^  staff:/&\n    tunnels: socks/' "$tests/school.yaml" >"$run/policy.yaml"
start_filter
enrol_devices

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=far -keyout "$run/far.key" \
	-out "$run/far.pem" 2>/dev/null
cat "$run/far.key" >>"$run/far.pem"
as internet python3 "$tests/upgrades.py" "$run/far.pem" >"$run/far.log" 2>&1 &
as internet microsocks -p 1080 >/dev/null 2>&1 &
as internet dnsmasq -k -C /dev/null -p 5353 --bind-interfaces --listen-address=203.0.113.80 --no-resolv --no-hosts \
	--address=/example.com/203.0.113.80 --user=root --pid-file >/dev/null 2>&1 &
comes "the servers are up" 10 grep -q ready "$run/far.log"

# What the server says to openssl's client, or "reset".
upgrade() { # host, protocol, address and port, name
	local out
	out=$(as "$1" timeout $((5 * ${ESAFE_PATIENCE:-1})) openssl s_client -starttls "$2" -connect "$3" -servername "$4" \
		-name device12.example -xmpphost example.com -quiet </dev/null 2>&1)
	case $out in
	*"reached $4"*) echo reached ;;
	*errno=104*) echo reset ;;
	*) echo "$out" ;;
	esac
}
for protocol in ftp:21 lmtp:24 pop3:110 nntp:119 imap:143 ldap:389 smtp:587 mysql:3306 sieve:4190 xmpp:5222 postgres:5432; do
	port=${protocol#*:} protocol=${protocol%:*}
	sees "$protocol, allowed" reached upgrade pupil "$protocol" "[$web6]:$port" mail.example.com
	sees "$protocol, refused" reset upgrade pupil "$protocol" "$web4:$port" games.example.com
done
sees "IPv4, allowed" reached upgrade pupil smtp "$web4:587" mail.example.com
sees "IPv6, refused" reset upgrade pupil smtp "[$web6]:587" games.example.com
sees "smtp, the same for staff" reached upgrade staff smtp "$web4:587" games.example.com

# The line of the PROXY protocol and the hello are two writes of one client, and mostly one segment.
proxied() { as "$1" curl -sSk --http0.9 --max-time 5 --haproxy-protocol --connect-to "::$web4:" "https://$2:8444/" 2>&1; }
sees "the PROXY protocol, allowed" "*reached mail.example.com*" proxied pupil mail.example.com
sees "the PROXY protocol, refused" "*reset*" proxied pupil games.example.com

# SOCKS: a tunnel; who may use it is judged by what is in the open.
socks() { as "$1" curl -sSk --max-time 5 --proxy "$2://$web4:1080" --connect-to "::$web4:" "https://$3/" 2>&1; }
for version in socks4 socks4a socks5 socks5h; do
	sees "$version" "*reset*" socks pupil $version www.example.com
done
sees "SOCKS, staff" "*reached www.example.com over https*" socks staff socks5 www.example.com
sees "SOCKS, staff, refused" "*reset*" socks staff socks5 adult.example.com

sees "a question over TCP to another port" 203.0.113.80 asks pupil www.example.com A +tcp -p 5353 "@$web4"
sees "a refused one" NXDOMAIN asks pupil games.example.com A +tcp -p 5353 "@$web4"
log() { ctl log --json "$@" | jq -r 'select(.verdict) | "\(.device) \(.protocol) \(.name) \(.verdict) \(.reason)"' | sort -u; }
logged() { matches "*$1*" log --limit 0; }
for line in "pupil-laptop tcp null allow unnamed" "pupil-laptop tls games.example.com block category" \
	"pupil-laptop tls mail.example.com allow default" "pupil-laptop tcp null block socks" "staff-laptop tls adult.example.com block category" \
	"pupil-laptop dns-tcp games.example.com block category"; do
	comes "in the log: $line" 5 logged "$line"
done
