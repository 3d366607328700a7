# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of esafectl(8) for bash. Options are asked of the command itself; a test holds the verbs against its table.

_esafectl_verbs() {
	cat <<-'END'
	status
	policy check
	policy diff
	policy apply
	policy rollback
	policy show
	policy timeline
	policy history
	list ls
	list reload
	list find
	device ls
	device add
	device set
	device import
	device export
	device rm
	session start
	session end
	session ls
	notice ls
	user ls
	user show
	user add
	user set
	user remove
	user import
	user export
	class ls
	class add
	class set
	class remove
	room ls
	room add
	room remove
	group ls
	access ls
	lesson start
	lesson stop
	lesson extend
	lesson ls
	supervise start
	supervise stop
	grant ls
	grant end
	grant
	deny
	suspend
	reinstate
	quarantine
	release
	volume ls
	volume groups
	why
	log
	top
	replay
	voucher new
	voucher ls
	voucher revoke
	terms ls
	request add
	request ls
	request answer
	detach
	END
}

_esafectl_options() {
	esafectl "$@" --help 2>/dev/null | grep -oE -- '--[a-z-]+'
}

_esafectl_values() { # of an option
	case $1 in
	--device | -d) esafectl device ls --csv 2>/dev/null | tail -n +2 | cut -d, -f2 | tr -d '"' ;;
	--group | -g) esafectl policy show --flat 2>/dev/null | grep -oE 'groups\.[^. ]+' | sort -u | cut -d. -f2 ;;
	--user) esafectl user ls --csv 2>/dev/null | tail -n +2 | cut -d, -f1 | tr -d '"' ;;
	--class) esafectl class ls --csv 2>/dev/null | tail -n +2 | cut -d, -f1 | tr -d '"' ;;
	--room) esafectl room ls --csv 2>/dev/null | tail -n +2 | cut -d, -f1 | tr -d '"' ;;
	--verdict | -v) printf '%s\n' allow block rewrite drop ;;
	--type | -t) printf '%s\n' A AAAA HTTPS ANY TXT MX ;;
	--since | --until | --at | -s | -u) printf '%s\n' today yesterday -15m -1h -1d ;;
	esac
}

_esafectl() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb="" words="" each
	local -a verbs
	mapfile -t verbs < <(_esafectl_verbs)
	for each in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		[[ $each == -* ]] || verb+="${verb:+ }$each"
	done
	case $before in
	--socket | --policy) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
	--device | --group | --user | --class | --room | --verdict | --type | --since | --until | --at | -[dgvtsu])
		mapfile -t COMPREPLY < <(compgen -W "$(_esafectl_values "$before")" -- "$word")
		return
		;;
	esac
	if [[ $word == -* ]]; then
		# shellcheck disable=SC2086 # a verb may be two words
		words=$(_esafectl_options $verb)
	elif [[ -z $verb ]]; then
		words=$(printf '%s\n' "${verbs[@]}" help | cut -d' ' -f1 | sort -u)
	else
		words=$(printf '%s\n' "${verbs[@]}" | sed -nE "s/^$verb ([a-z]+)$/\1/p")
		case $verb in
		"policy check" | "policy diff" | "policy apply" | "device import" | "user import" | replay)
			mapfile -t COMPREPLY < <(compgen -f -- "$word")
			return
			;;
		"device set" | "device rm" | "device ls") words=$(_esafectl_values --device) ;;
		"user set" | "user show" | "user remove") words=$(_esafectl_values --user) ;;
		"class set" | "class remove") words=$(_esafectl_values --class) ;;
		"room remove") words=$(_esafectl_values --room) ;;
		"list ls") words=$(esafectl list ls --csv 2>/dev/null | tail -n +2 | cut -d, -f1 | tr -d '"') ;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o default -F _esafectl esafectl
