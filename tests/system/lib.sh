# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The words that the stories are told with. A story sources this, opens a school, and says what must be seen:
#
#   open_school [POLICY]         makes one (scripts/school) and starts esafed with tests/system/POLICY or the shipped one
#   sees WHAT EXPECTED COMMAND   the output of the command must match the pattern (bash's ==, so * and ? count)
#   comes WHAT SECONDS COMMAND   the command must succeed before so many seconds are over
#   holds WHAT COMMAND           the command must succeed; `fails` : must not
#   as HOST COMMAND              a command run as a device
#   asks HOST NAME [TYPE] [...]  "NXDOMAIN", "NODATA" or the addresses and names of the answer; further words go to dig
#   loads HOST URL [...]         "reached NAME over http(s)", "reset", "unresolved", "timeout"...; further words go to curl
#   ctl ...                      esafectl
#   end_grace                    what is not known is refused from now on
set -uo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
tools=$top/build/system
tests=$top/tests/system
story=${0##*/}
story=${story%.sh}
tag=$story-$$
run=/run/es-$tag
web4=203.0.113.80 web6=2001:db8:3::80 dns4=203.0.113.53 dns6=2001:db8:3::53
export ESAFE_SCHOOL_OWNER=$$ LC_ALL=C TZ=Europe/London PATH=$PATH:/usr/sbin:/sbin
passed=0 failed=0

school() { "$top/scripts/school" "$@"; }
as() { school in "$tag" "$@"; }
ctl() { "$top/build/esafectl" --socket "$run/run/control" "$@"; }

# The line of the story that is being told.
line_told() {
	local i
	for i in "${!BASH_SOURCE[@]}"; do
		[ "${BASH_SOURCE[$i]##*/}" != "$story.sh" ] || {
			echo "${BASH_LINENO[$((i - 1))]}"
			return
		}
	done
}

good() { passed=$((passed + 1)); }

bad() {
	failed=$((failed + 1))
	printf '%s.sh:%s: %s\n' "$story" "$(line_told)" "$*"
}

sees() {
	local what=$1 expected=$2 got
	shift 2
	got=$("$@" 2>&1)
	# shellcheck disable=SC2053 # a pattern is meant
	if [[ $got == $expected ]]; then
		good
	else
		bad "$what: expected '$expected', saw '${got:0:600}'"
	fi
}

holds() {
	local what=$1 got
	shift
	if got=$("$@" 2>&1); then good; else bad "$what: '$*' failed: ${got:0:600}"; fi
}

fails() {
	local what=$1 got
	shift
	if got=$("$@" 2>&1); then bad "$what: '$*' did not fail: ${got:0:600}"; else good; fi
}

# Polls until a command succeeds: within SECONDS COMMAND... ESAFE_PATIENCE: how many times slower this machine is.
within() {
	local deadline=$((SECONDS + $1 * ${ESAFE_PATIENCE:-1}))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $deadline ] || return 1
		read -rt 0.02 <> <(:) || :
	done
}

comes() {
	local what=$1 seconds=$2
	shift 2
	if within "$seconds" "$@"; then good; else bad "$what: not within $seconds s: $*"; fi
}

matches() { # a pattern, a command whose output must match it
	local expected=$1
	shift
	# shellcheck disable=SC2053
	[[ $("$@" 2>&1) == $expected ]]
}

asks() {
	local host=$1 name=$2 type=${3:-A} out status
	shift 2
	[ $# -eq 0 ] || shift
	out=$(as "$host" dig +tries=1 +time=2 "$@" "$name" "$type" 2>&1) || {
		echo "no answer"
		return
	}
	status=$(sed -n 's/.*status: \([A-Z]*\),.*/\1/p' <<<"$out")
	[ "$status" = NOERROR ] || {
		echo "$status"
		return
	}
	out=$(awk '/^;/ { section = $2 } section == "ANSWER" && !/^;/ && NF { print $NF }' <<<"$out" | paste -sd' ')
	echo "${out:-NODATA}"
}

loads() {
	local host=$1 url=$2 out status
	shift 2
	out=$(as "$host" curl -sSk --max-time 5 "$@" "$url" 2>&1)
	status=$?
	case $status in
	0) sed -n 's/.*<p>\(.*\)<\/p>.*/\1/p' <<<"$out" ;;
	6) echo unresolved ;;
	28) echo timeout ;;
	35|56) [[ $out == *reset* ]] && echo reset || echo "$out" ;;
	*) echo "$out" ;;
	esac
}

# A name that no cache has seen, below the one given.
fresh=0
below() {
	fresh=$((fresh + 1))
	echo "n$fresh-$RANDOM.$1"
}

# ---- the school ----

close_school() {
	local status=$?
	if [ $status -ne 0 ] || [ $failed -ne 0 ]; then
		tail -n "${ESAFE_LOG_LINES:-15}" "$run/esafed.log" 2>/dev/null | sed 's/^/    esafed: /'
	fi
	school down "$tag" >/dev/null
	trap - EXIT
	[ $status -eq 0 ] || failed=$((failed + 1))
	echo "$story: $passed passed, $failed failed"
	exit $((failed > 0))
}

bail_out() {
	bad "$*"
	exit 1
}

open_empty_school() {
	trap close_school EXIT
	trap 'exit 1' INT TERM
	school up "$tag" || bail_out "the school does not open"
}

start_filter() { school filter "$tag" "$@" || bail_out "esafed does not start"; }
stop_filter() { school unfilter "$tag" "${1:-TERM}" || bail_out "esafed does not stop"; }

enrol_devices() {
	ctl device add 02:00:00:00:00:11 pupil-laptop --group pupils >/dev/null || bail_out "a device cannot be registered"
	ctl device add 02:00:00:00:00:12 staff-laptop --group staff >/dev/null || bail_out "a device cannot be registered"
}

# For some minutes after it was first attached the filter lets be what it does not know: no story has the time.
end_grace() {
	local config=/sys/fs/bpf/es-$tag/config value
	value=$(bpftool -j map lookup pinned "$config" key 0 0 0 0 |
		jq -r '.value as $v | [range($v | length) | if . >= 32 and . < 40 then "0" else $v[.] end] | join(" ")')
	# shellcheck disable=SC2086 # bytes
	bpftool map update pinned "$config" key 0 0 0 0 value $value
}

# Files of the daemon are laid out, but it is not started.
lay_out() {
	school prepare "$tag"
	cp "$tests"/lists/*.txt "$run/share/lists/"
}

# A school with the policy of the pages and accounts of its own, not filtered yet. $gateway: what the gateway has in /etc.
open_school_of_pages() {
	open_empty_school
	lay_out
	cp "$tests/pages.yaml" "$run/policy.yaml"
	school accounts "$tag"
	gateway=$run/etc/gateway
	mkdir -p "$gateway/pam.d"
}

open_school() {
	open_empty_school
	lay_out
	[ $# -eq 0 ] || cp "$tests/$1" "$run/policy.yaml"
	start_filter
	enrol_devices
}
