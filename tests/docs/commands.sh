#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The program accepts every dockfw-check command line in the documents, the units and
# the files for monitoring.
# shellcheck source=tests/docs/lib.sh
. "$(dirname "$0")/lib.sh"

# A command ends where a shell, a table or a remark would end it; continued lines are joined.
commands_of() # FILE…
{
	# shellcheck disable=SC2016 # the variable is the unit's
	sed -e '/^\.Xr/d' -e ':again' -e '/\\e\{0,1\}$/ { N; s/\\e\{0,1\}\n */ /; b again' -e '}' "$@" |
		sed 's/", "/ /g' |
		grep -oE '(^|[^a-z/]|/usr/sbin/|@SBINDIR@/)dockfw-check( +(--(trace|explain)( +[a-z0-9][a-z0-9.:-]*)+|-{1,2}[A-Za-z0-9][^][`|<>&;"'\'' ]*|'\''[^'\'']*'\''|\$DOCKFW_MODE|[./][^][`|<>&;"'\'' ]*|[0-9]+|FILE)[.,]?)+' |
		sed -E -e 's/^.*dockfw-check +//' -e 's/[.,)]+$//' -e 's/ FILE$/ \/some\/file/'
}

for file in "${pages[@]}" man/dockfw-check.8 man/dockfw.conf.5 conf/dockfw.conf conf/icinga-dockfw.conf \
	conf/prometheus-dockfw.yml systemd/*.service src/model/finding.c; do
	commands_of "$file" | sort -u >"$WORK/commands"
	while read -r line; do
		eval "set -- ${line/\$DOCKFW_MODE/--repair}" # words as in a shell
		holds "$file: dockfw-check $line" "$BUILD/tools/options-parse" "$@"
	done <"$WORK/commands"
	wc -l <"$WORK/commands" >"$WORK/count.${file##*/}"
done
holds "commands of the README were found" [ "$(cat "$WORK/count.README.md")" -ge 8 ]
holds "commands of the man page were found" [ "$(cat "$WORK/count.dockfw-check.8")" -ge 5 ]

holds "a command of each unit was found" [ "$(cat "$WORK"/count.*.service | grep -c '^[1-9]')" = 5 ]

# The parser does refuse what is wrong.
refuses "an unknown option" "$BUILD/tools/options-parse" --no-such-option
refuses "a wrong combination" "$BUILD/tools/options-parse" --dry-run

# sudoers allows exactly what the agents run.
grep -hoE 'NOPASSWD: .*' doc/operation.md conf/icinga-dockfw.conf man/dockfw-check.8 | sed 's/NOPASSWD: //' | sort -u >"$WORK/allowed"
{
	grep -hoE 'sudo -n /usr/sbin/dockfw-check.*' conf/icinga-dockfw.conf man/dockfw-check.8 | sed 's/^sudo -n //'
	sed -n 's/^\tcommand = \[ "\/usr\/bin\/sudo", "-n", "\(.*\)" \]$/\1/p' conf/icinga-dockfw.conf | sed 's/", "/ /g'
} | sort -u >"$WORK/run"
same_set "what sudoers allows and what is run" 1 "$WORK/allowed" "$WORK/run"
finish
