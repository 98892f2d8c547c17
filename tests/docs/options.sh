#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The options of --help, of the man page and of the completion are the same.
# shellcheck disable=SC2317 # the completion calls compopt
# shellcheck source=tests/docs/lib.sh
. "$(dirname "$0")/lib.sh"
page=man/dockfw-check.8

# Each as "f config FILE": letter or '-', name, value.
"$DOCKFW" --help | sed -nE \
	-e 's/^  -(.), --([a-z0-9-]+)( [A-Z]+)?  .*/\1 \2\3/p' \
	-e 's/^      --([a-z0-9-]+)( [A-Z]+)?  .*/- \1\2/p' >"$WORK/help"
sed -nE \
	-e 's/^\.It Fl (.) , Fl -([a-z0-9-]+)( Ar)?( [A-Z]+)?$/\1 \2\4/p' \
	-e 's/^\.It Fl -([a-z0-9-]+)( Ar)?( [A-Z]+)?$/- \1\3/p' "$page" >"$WORK/man"
same_set "options of --help and of the man page" 15 "$WORK/help" "$WORK/man"

# Options that are only mentioned exist as well.
cut -d' ' -f2 "$WORK/help" >"$WORK/names"
grep -hoE '\<Fl -[a-z0-9-]+' man/*.[58] | sed 's/^Fl -//' >"$WORK/mentioned"
subset "options that the man pages mention" 10 "$WORK/mentioned" "$WORK/names"
# The modes of the synopsis are exactly those of the program.
section "$page" SYNOPSIS | grep -oE 'Fl -[a-z-]+' | sed 's/^Fl -//' | grep -vE 'restart-docker|fail-if-open' >"$WORK/synopsis"
section "$page" DESCRIPTION | sed -nE 's/^\.It Fl -([a-z0-9-]+).*/\1/p' >"$WORK/modes"
same_set "modes of the synopsis" 4 "$WORK/modes" "$WORK/synopsis"
"$DOCKFW" --check --repair 2>&1 >/dev/null | grep -oE -- '--[a-z-]+' | sed 's/^--//' >"$WORK/refused"
same_set "modes of the program" 4 "$WORK/refused" "$WORK/modes"

# The completion, as bash would use it.
completion=$BUILD/completion/dockfw-check
holds "the completion is shell" bash -n "$completion"
compopt() { :; } # it works only during a completion of bash
# shellcheck disable=SC1090
. "$completion"
complete_at() # WORD…: the last is to be completed
{
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
	_dockfw_check
	printf '%s\n' "${COMPREPLY[@]}"
}
complete_at dockfw-check "" | sed 's/^--//' >"$WORK/completed"
same_set "options that are completed" 15 "$WORK/names" "$WORK/completed"
holds "a part is completed" [ "$(complete_at dockfw-check --check-)" = --check-config ]

# Values with choices: the program accepts exactly those of the man page.
for option in format backend; do
	complete_at dockfw-check --$option "" >"$WORK/values"
	complete_at dockfw-check --$option = "" >"$WORK/values.equals"
	same_set "values of --$option=" 3 "$WORK/values" "$WORK/values.equals"
	awk -v it="^\\\\.It .*Fl -$option " '/^\.(It|El)/ { inside = $0 ~ it } inside' "$page" |
		sed -n 's/^\.Cm \([a-z]*\).*/\1/p' >"$WORK/values.man"
	same_set "values of --$option in the man page" 3 "$WORK/values" "$WORK/values.man"
	while read -r value; do
		holds "--$option $value is accepted" "$BUILD/tools/options-parse" --$option "$value"
	done <"$WORK/values"
	refuses "--$option nonsense" "$BUILD/tools/options-parse" --$option nonsense
	subset "values of --$option in its refusal" 3 "$WORK/values" <(grep -oE '[a-z]+' "$WORK/out")
done
# The message names what is wrong as it was written.
said() # MESSAGE OPTION…
{
	local wanted="dockfw-check: $1" status
	shift
	"$DOCKFW" "$@" >"$WORK/told" 2>&1
	status=$?
	[ "$status" = 3 ] && diff - "$WORK/told" <<<"$wanted"
}
see="see dockfw-check --help"
holds "an unknown option" said "unknown option '--no-such'; $see" --no-such
holds "an unknown letter among others" said "unknown option '-x'; $see" --repair -xn
holds "a value where there is none, with a letter" said "option '--dry-run' takes no value; $see" --repair --dry-run=1
holds "the same without one" said "option '--check' takes no value; $see" --check=1
holds "no value where there is one" said "option '-f' needs a value; $see" -f
holds "an empty file name" said "bad value of --output '': name a file" -o ''
holds "a family for a packet" said "--ipv4 and --ipv6 cannot be used with --trace: the packet's addresses decide" \
	-6 --trace 'from 203.0.113.200 in ens3 tcp 80'

mkdir "$WORK/files" && : >"$WORK/files/a b.conf"
holds "a file is completed" [ "$(complete_at dockfw-check -f "$WORK/files/a")" = "$WORK/files/a b.conf" ]
finish
