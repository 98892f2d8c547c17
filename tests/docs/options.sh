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
section "$page" SYNOPSIS | grep -oE 'Fl -[a-z-]+' | sed 's/^Fl -//' | grep -vE 'restart-docker|close-first|fail-if-open|force' >"$WORK/synopsis"
section "$page" DESCRIPTION | sed -nE 's/^\.It Fl -([a-z0-9-]+).*/\1/p' >"$WORK/modes"
same_set "modes of the synopsis" 4 "$WORK/modes" "$WORK/synopsis"
"$DOCKFW" --check --repair 2>&1 >/dev/null | grep -oE -- '--[a-z-]+' | sed 's/^--//' >"$WORK/refused"
same_set "modes of the program" 4 "$WORK/refused" "$WORK/modes"

# The completion, as bash would use it.
completion=$BUILD/completion/bash/dockfw-check
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

# It knows the mode: only what goes with it is offered.
holds "an option of the mode" [ "$(complete_at dockfw-check --exposure --fail)" = --fail-if-open ]
holds "not one of another mode" [ -z "$(complete_at dockfw-check --exposure --restart)" ]
holds "not another mode" [ -z "$(complete_at dockfw-check --exposure --rep)" ]
holds "formats of the mode" [ "$(complete_at dockfw-check --exposure --format "" | tr '\n' ' ')" = "text nagios json prometheus " ]
complete_at dockfw-check --explain "" >"$WORK/ids"
same_set "finding ids that are completed" 20 "$WORK/ids" <("$DOCKFW" --list-findings | awk '{ print $2 }')
holds "words of a packet" [ "$(complete_at dockfw-check --trace fr)" = from ]
# Each in its own shell, as that would use it.
if command -v fish >/dev/null; then
	fish_at() { HOME=$WORK fish -N -c "source $BUILD/completion/fish/dockfw-check.fish; complete -C '$1'" 2>/dev/null | cut -f1; }
	holds "fish: an option of the mode" [ "$(fish_at 'dockfw-check --exposure --fail')" = --fail-if-open ]
	holds "fish: not one of another mode" [ -z "$(fish_at 'dockfw-check --exposure --restart')" ]
	same_set "fish: finding ids" 20 "$WORK/ids" <(fish_at 'dockfw-check --explain ')
	same_set "fish: options" 30 "$WORK/names" <(fish_at 'dockfw-check --' | sed 's/^--//')
else
	ok "fish # SKIP not installed"
fi
if command -v zsh >/dev/null; then
	zsh_at() # TYPED WANTED
	{
		mkdir -p "$WORK/zsh"
		cp "$BUILD/completion/zsh/_dockfw-check" "$WORK/zsh/"
		TERM=dumb timeout 15 tests/dialogue.py 'ready>' \
			"send:fpath=($WORK/zsh \$fpath) PS1='loaded''> '; autoload -U compinit && compinit -u -D; compdef _dockfw-check dockfw-check" \
			'loaded>' "type:dockfw-check $1"$'\t' "$2" $'send:\x15exit' -- \
			env PS1='ready> ' zsh -f -i
	}
	holds "zsh: an option of the mode" zsh_at '--exposure --fail' 'if-open'
	holds "zsh: a format" zsh_at '--format=prom' 'etheus'
	holds "zsh: a finding" zsh_at '--explain rule-mis' 'sing'
	holds "zsh: a mode" zsh_at '--rem' 'ove'
else
	ok "zsh # SKIP not installed"
fi

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
# Whoever has the output in a file needs the message as well.
told() # MESSAGE OPTION…
{
	local wanted="dockfw-check: $1"
	shift
	"$DOCKFW" "$@" 2>&1 >"$WORK/report" | diff - <(echo "$wanted")
}
holds "--exposure: for a program, with metrics" told "unknown option '--no-such'; $see" --exposure --format=prometheus --no-such
holds "--exposure: which say so" grep -qx 'dockfw_exposure_status 3' "$WORK/report"
holds "--exposure: no object" said "unknown option '--no-such'; $see" --exposure --format=json --no-such
holds "an unknown option" said "unknown option '--no-such'; $see" --no-such
holds "an unknown letter among others" said "unknown option '-x'; $see" --repair -xn
holds "an option with a slip" said "unknown option '--exlpain'; did you mean '--explain'?" --exlpain
holds "a mode without dashes" said "unexpected argument 'repair'; did you mean '--repair'?" repair
holds "a finding with a slip" said "there is no finding 'rule-mising'; did you mean 'rule-missing'?" --explain rule-mising
holds "several options" said "'--re' is short for several options: --repair, --remove, --restart-docker" --re
for mode in rep tr edi wat rem=1; do
	refuses "a mode that writes is not abbreviated: --$mode" "$BUILD/tools/options-parse" "--$mode"
done
holds "why" said "'--rep' is short for a mode that writes: give the whole name, --repair" --rep
holds "a value of --try that looks like an option" said \
	"bad value of --try '--dry-run': give a number of seconds from 5 to 86400" --try --dry-run
holds "an option after --" said "unexpected argument '--repair'; options come before '--'" -- --repair
holds "others are" "$BUILD/tools/options-parse" --expo
holds "a packet in words, and an option after it" "$BUILD/tools/options-parse" --trace from 203.0.113.200 in ens3 tcp 80 -v
holds "an option before it" "$BUILD/tools/options-parse" --trace -v from 203.0.113.200 in ens3 tcp 80
holds "a packet in one word" "$BUILD/tools/options-parse" '--trace=from 203.0.113.200 in ens3 tcp 80'
refuses "no packet" "$BUILD/tools/options-parse" --trace
# A reader that closes the pipe gets no message, and no error.
closed() # OPTION…: writes to a pipe whose reader is gone
{
	local status
	exec 3> >(:)
	wait $!
	"$DOCKFW" "$@" 2>"$WORK/closed" >&3
	status=$?
	exec 3>&-
	cat "$WORK/closed"
	[ "$status" = 0 ] && [ ! -s "$WORK/closed" ]
}
install -m 600 conf/dockfw.conf "$WORK/closed.conf"
holds "a closed pipe: --help" closed --help
holds "a closed pipe: --list-findings" closed --list-findings
holds "a closed pipe: a configuration" closed --check-config -f "$WORK/closed.conf"
refuses "a full disk is an error" sh -c "exec '$DOCKFW' --help >/dev/full"
# What the man page says of a finding is what --explain prints: no macro is left.
while read -r id; do
	"$DOCKFW" --explain "$id" >"$WORK/explained" || not_ok "--explain $id"
	grep -q '^What to do: .' "$WORK/explained" || not_ok "--explain $id: what to do"
	grep -nE '(^|[ (])(Fl|Xr|Ql|Ic|Pq|Po|Pc|Sx|Nm|Pa|Va|Dq) |\\\(|\\&' "$WORK/explained" && not_ok "--explain $id: a macro"
done <"$WORK/ids"
holds "each line of --help fits 80 columns" [ -z "$("$DOCKFW" --help | awk 'length > 80')" ]
holds "a value where there is none, with a letter" said "option '--dry-run' takes no value; $see" --repair --dry-run=1
holds "the same without one" said "option '--check' takes no value; $see" --check=1
holds "no value where there is one" said "option '-f' needs a value; $see" -f
holds "an empty file name" said "bad value of --output '': name a file" -o ''
holds "an empty name of a folder" said "bad value of --state-folder '': name a folder" --repair --state-folder ''
for mode in check repair remove exposure; do
	holds "a quiet report in a file: --$mode" said \
		"--quiet cannot be used with --output and --format=text: the report would be empty" -q --$mode -o "$WORK/none"
done
holds "it is not written" [ ! -e "$WORK/none" ]
holds "a family for a packet" said "--ipv4 and --ipv6 cannot be used with --trace: the packet's addresses decide" \
	-6 --trace from 203.0.113.200 in ens3 tcp 80

mkdir "$WORK/files" && : >"$WORK/files/a b.conf"
holds "a file is completed" [ "$(complete_at dockfw-check -f "$WORK/files/a")" = "$WORK/files/a b.conf" ]
finish
