# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# Completion for bash. Options are those of --help. The words of an option are those that the tool names when it refuses a
# wrong one, so nothing here is a list that grows old.

_tcpvitals_options()
{
	"$1" --help 2>/dev/null | grep -oE '^ +-.*' | cut -c1-29 | grep -oE -- '-?-[A-Za-z0-9][A-Za-z0-9.-]*'
}

# "not one of A, B, C" or "A,B,C". The kind of rows, behind the option, has columns of its own.
_tcpvitals_words()
{
	timeout 2 "$1" "${@:3}" "$2" ' ' 2>&1 </dev/null | sed -n 's/^[^"]*"[^"]*": not one of //p' | tr -s ', ' '\n'
}

_tcpvitals()
{
	local tool=$1 word=$2 before=$3 list words kind=() other

	COMPREPLY=()
	if [[ $before == '=' ]]; then # --state=EST: the shell makes three words of it
		before=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	case $before in
	--accept | --by | --cause | --columns | --hook | --label | --output | --role | --sample | --sort | --state | --storage | --stuck | --sum | -O | -o)
		for other in "${COMP_WORDS[@]}"; do
			[[ $other == -c || $other == --listeners || $other == --retransmits ]] && kind=("$other")
		done
		list=${word%"${word##*,}"}
		words=$(_tcpvitals_words "$tool" "$before" "${kind[@]}")
		mapfile -t COMPREPLY < <(compgen -P "$list" -W "$words" -- "${word##*,}")
		;;
	*)
		if [[ $word == -* ]]; then
			mapfile -t COMPREPLY < <(compgen -W "$(_tcpvitals_options "$tool")" -- "$word")
		fi
		;;
	esac
}

complete -o default -F _tcpvitals tcpstates tcprtt tcpvitals-exporter
