#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Chromium and Firefox as they come, over HTTP/2 and HTTP/3: what is allowed loads, what is blocked fails at once, and
# keys for encrypted names that stand in the DNS do not hide one.
. "$(dirname "$0")/lib.sh"

pki=$run/pki

# An authority that the browsers are told to trust, and what it certifies.
make_certificates() {
	mkdir -p "$pki"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj '/CN=the browsers authority' \
		-addext keyUsage=critical,keyCertSign -keyout "$pki/ca.key" -out "$pki/ca.pem" 2>/dev/null
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=www.example.com' \
		-keyout "$pki/web.key" -out "$pki/web.csr" 2>/dev/null
	printf 'subjectAltName=DNS:*.example.com,DNS:cover.example.net\nextendedKeyUsage=serverAuth\n' >"$pki/ext"
	openssl x509 -req -in "$pki/web.csr" -CA "$pki/ca.pem" -CAkey "$pki/ca.key" -CAcreateserial -days 20 \
		-extfile "$pki/ext" -out "$pki/web.pem" 2>/dev/null
}

# A web server with HTTP/3 in place of the school's.
start_caddy() {
	cat >"$run/Caddyfile" <<-END
	{
		admin off
		auto_https off
		storage file_system $run/caddy
	}
	:443 {
		bind $web4 $web6
		tls $pki/web.pem $pki/web.key
		log {
			output file $run/access.log
		}
		header Content-Type text/html
		respond "<p>reached {http.request.host} over {http.request.proto}</p>"
	}
	END
	kill "$(cat "$run/nginx.pid")"
	comes "the other web server has gone" 5 matches "" as internet ss -Htln sport = :443
	HOME=$run as internet caddy run --config "$run/Caddyfile" --adapter caddyfile >"$run/caddy.log" 2>&1 &
	comes "a server with HTTP/3 is up" 15 as internet curl -sko /dev/null --max-time 1 https://$web4/
}

hex() { od -An -v -tx1 | tr -d ' \n'; }

# secret.example.com has a record of type 65 with an ECHConfigList (draft-ietf-tls-esni, version fe0d): a key that
# nobody has the other half of, for X25519, HKDF-SHA256 and AES-128-GCM, and a public name that says nothing.
start_dns_with_ech() {
	local name=cover.example.net key config list
	key=$(openssl genpkey -algorithm X25519 | openssl pkey -pubout -outform der | tail -c 32 | hex)
	config=4200200020${key}00040001000100$(printf %02x ${#name})$(printf %s $name | hex)0000
	config=fe0d$(printf %04x $((${#config} / 2)))$config
	list=$(printf %04x $((${#config} / 2)))$config
	printf 'dns-rr=secret.example.com,65,000100000100060268330268320005%04x%s\n' $((${#list} / 2)) "$list" \
		>>"$run/dnsmasq.conf"
	kill "$(cat "$run/dnsmasq.pid")"
	comes "the other DNS server has gone" 5 matches "" as internet ss -Hlun src $dns4
	as internet dnsmasq --conf-file="$run/dnsmasq.conf" --keep-in-foreground --log-facility="$run/dnsmasq.log" \
		--pid-file="$run/dnsmasq.pid" >/dev/null 2>&1 &
	comes "a DNS server with keys for encrypted names is up" 5 matches "*ech=*" asks pupil secret.example.com HTTPS
}

make_profiles() {
	local profile
	for profile in firefox firefox-tcp firefox-at-web; do
		profile=$run/$profile
		mkdir -p "$profile"
		certutil -d "sql:$profile" -N --empty-password
		certutil -d "sql:$profile" -A -t C,, -n browsers -i "$pki/ca.pem"
		cat >"$profile/user.js" <<-'END'
		user_pref("network.http.http3.disable_when_third_party_roots_found", false);
		user_pref("network.http.http3.alt-svc-mapping-for-testing", "www.example.com;h3=:443");
		user_pref("network.trr.mode", 5);
		user_pref("network.captive-portal-service.enabled", false);
		user_pref("network.connectivity-service.enabled", false);
		user_pref("datareporting.policy.dataSubmissionEnabled", false);
		user_pref("browser.aboutwelcome.enabled", false);
		END
	done
	echo 'user_pref("network.http.http3.enable", false);' >>"$run/firefox-tcp/user.js"
	echo "user_pref(\"network.dns.forceResolve\", \"$web4\");" >>"$run/firefox-at-web/user.js"
}

spki() { # of the server's key
	openssl x509 -in "$pki/web.pem" -pubkey -noout | openssl pkey -pubin -outform der |
		openssl dgst -sha256 -binary | base64
}

chromium_sees() { # a URL, further options
	local url=$1
	shift
	as pupil timeout 60 chromium --headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking \
		--disable-component-update --disable-sync --disable-dev-shm-usage --user-data-dir="$run/chromium" \
		--ignore-certificate-errors-spki-list="$(spki)" "$@" --dump-dom "$url" 2>&1 | grep -v dbus
}
over_quic() { # nothing but QUIC will do for this site
	local host=$1
	shift
	chromium_sees "https://$host/" --origin-to-force-quic-on="$host:443" "$@"
}
firefox_sees() { as pupil "$tests/firefox" "$@"; }
at_web="--host-resolver-rules=MAP * $web4"

# What clients say over TLS is kept in NAME.pcap: hear_hellos NAME
hear_hellos() {
	as internet tcpdump -Unni eth0 -w "$run/$1.pcap" tcp dst port 443 >"$run/tcpdump.$1" 2>&1 &
	comes "tcpdump listens for $1" 5 grep -q listening "$run/tcpdump.$1"
}
long_hello() {
	test "$(as internet tcpdump -nnr "$run/$1.pcap" 2>/dev/null | sed -n 's/.*length //p' | sort -n | tail -n 1)" -gt 1500
}

# How the names of a site's connections were read, and what came of them.
judged() {
	ctl log --json --name "$1" --limit 200 | jq -r 'select(.protocol != "dns") | "\(.protocol) \(.verdict)"' |
		sort -u | paste -sd,
}

# ---- that all this works, without a filter ----
open_empty_school
make_certificates
start_caddy
start_dns_with_ech
make_profiles
sees "Chromium, HTTP/3" "*reached www.example.com over HTTP/3.0*" over_quic www.example.com
hear_hellos chromium
chromium_sees https://secret.example.com/ >/dev/null
public_name() { as internet tcpdump -Annr "$run/chromium.pcap" 2>/dev/null | grep -c cover.example.net; }
comes "the name that says nothing was on the wire" 5 matches "[1-9]*" public_name
comes "its post-quantum hello is longer than a segment" 5 long_hello chromium

# ---- with the filter ----
lay_out
sed '0,/https_records: hide/s//https_records: pass/' "$tests/school.yaml" >"$run/policy.yaml"
start_filter
enrol_devices
sees "the keys are taken out" '1 . alpn="h3,h2"' as pupil dig +short secret.example.com HTTPS
sees "Chromium, allowed, HTTP/3" "*reached www.example.com over HTTP/3.0*" over_quic www.example.com
sees "Chromium, allowed, HTTP/2" "*reached www.example.com over HTTP/2.0*" \
	chromium_sees https://www.example.com/ --disable-quic
sees "Chromium, a name with keys" "*reached secret.example.com over HTTP/*" chromium_sees https://secret.example.com/
sees "Chromium, blocked, HTTP/3" "*ERR_QUIC_PROTOCOL_ERROR*" over_quic games.example.com "$at_web"
sees "Chromium, blocked, as it likes" "*ERR_CONNECTION_RESET*" chromium_sees https://games.example.com/ "$at_web"
comes "its QUIC and its TLS were read" 5 matches "quic block,tls block" judged games.example.com

firefox_sees "$run/firefox" https://www.example.com/ https://secret.example.com/ https://games.example.com/ \
	https://www.example.com/again >"$run/firefox.log"
seen() { sed -n "$1 s/^[0-9]* //p" "$2"; }
sees "Firefox, allowed" "reached www.example.com over HTTP/3.0" seen 1 "$run/firefox.log"
sees "Firefox, a name with keys" "reached secret.example.com over HTTP/*" seen 2 "$run/firefox.log"
sees "Firefox, blocked at the name" "*dnsNotFound*" seen 3 "$run/firefox.log"
sees "Firefox goes on with HTTP/3" "reached www.example.com over HTTP/3.0" seen 4 "$run/firefox.log"
hear_hellos firefox
firefox_sees "$run/firefox-tcp" https://www.example.com/ >"$run/firefox.log"
sees "Firefox, allowed, HTTP/2" "reached www.example.com over HTTP/2.0" seen 1 "$run/firefox.log"
comes "its post-quantum hello is longer than a segment" 5 long_hello firefox
firefox_sees "$run/firefox-at-web" https://games.example.com/ https://www.example.com/ >"$run/firefox.log"
sees "Firefox, blocked at the handshake" "*neterror*reset*" seen 1 "$run/firefox.log"
slow=$(awk -v most=$((1500 * ${ESAFE_PATIENCE:-1})) '$1 > most' "$run/firefox.log")
sees "at once" "" echo "$slow"
sees "Firefox, and what is allowed there" "reached www.example.com over HTTP/3.0" seen 2 "$run/firefox.log"
comes "the name with keys was seen" 5 matches "*quic allow*" judged secret.example.com
sees "no cover was" "" judged cover.example.net
served() { jq -r '.request | select(.host == "games.example.com") | .proto' "$run/access.log"; }
sees "the server never saw the blocked name" "" served
