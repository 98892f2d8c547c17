#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2016 # scripts for other shells
# --edit on a terminal: a copy is edited and checked, and put in place and in force after a yes.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
export XTABLES_LOCKFILE=$WORK/xtables.lock
KIND=nft

# edits STATUS SCRIPT [PATTERN ACTION]…: --edit, with a script for an editor; its $1 is the copy.
edits() {
	local wanted=$1
	printf '#!/bin/bash\n%s\n' "$2" >"$WORK/editor"
	chmod +x "$WORK/editor"
	shift 2
	EDITOR="$WORK/editor --some" VISUAL='' SUDO_EDITOR='' gives "$wanted" "$TESTS/dialogue.py" "$@" -- \
		"${traced[@]}" "$DOCKFW" -f "$CONF" -b "$KIND" "${options[@]}" --edit
}
traced=() options=()
# A while after each write to the terminal, before the program goes on.
after_writes=(bash -c 'exec strace -qq -o /dev/null -P "$(tty)" -e trace=write -e inject=write:delay_exit=300000 "$@"' bash)
says() { grep -qF -- "$1" "$WORK/out" || { cat "$WORK/out" "$WORK/err"; return 1; }; }
not() { ! "$@"; }
# shown TEXT: the preview has that, and nothing names the copy, which nobody will find later.
shown() { says "$1" && not says .dockfw.conf.edit; }
no_copy() { [ ! -e "$WORK/.dockfw.conf.edit" ]; }
same() { cmp "$WORK/first" "$CONF"; }
new() { two_rules && mkdir -p "$WORK/conf.d" && echo 'include("conf.d/*.conf")' >>"$CONF" && cp "$CONF" "$WORK/first"; }
ask='yes, no, or edit again:'

load docker-28.5
new
try "nothing is edited" edits 0 true
try "it says so" says "is unchanged"
try "a broken rule, then no" edits 0 'sed -i "s/--dport 80/--dprot 80/" "$2"' "no to leave the file as it is?" send:n
try "the error has the file that is edited, and its line" shown "$CONF:3: unknown option '--dprot'"
try "the file is as it was" same
try "no copy is left" no_copy
refused="no to leave the file as it is?"
try "a byte that no text has" edits 0 'printf "\1" >>"$2"' "$refused" send:no
try "has its place as well" shown "$CONF:8: control character 0x01"
try "an include of the file in itself" edits 0 'echo "include(\"dockfw.conf\")" >>"$2"' "$refused" send:no
try "is found before it is in place" shown "$CONF:8: '$CONF' includes itself"
try "an include of it by a pattern" edits 0 'echo "include(\"*.conf\")" >>"$2"' "$refused" send:no
try "is found as well" shown "$CONF:8: '$CONF' includes itself"
missing='sed -i "s/-i ens3/-i nosuch0/" "$2"'
try "an interface that is missing" edits 0 "$missing" "$ask" send:no
try "a warning has the file and the line" shown "dockfw-check: $CONF:3: this host has no interface 'nosuch0'"
try "so has a finding" says "this host has no interface 'nosuch0' ($CONF:3)"
try "and the rule that a repair would put in" says "-j REJECT' ($CONF:4)"
options=(-vv)
try "all steps of that" edits 0 "$missing" "$ask" send:no
try "have the file's name too" shown "'$CONF' has just changed"
options=(--ipv6)
try "a family that the file leaves out" edits 0 "echo 'families = { \"ipv4\" }' >>\"\$2\"" "$refused" send:no
try "is reported with its name" shown "--ipv6: '$CONF' does not list it"
options=()
mkdir "$WORK/repository" && mv "$CONF" "$WORK/repository/dockfw.conf" && ln -s "$WORK/repository/dockfw.conf" "$CONF"
try "a symbolic link" edits 3 'touch "${2%/*}/edited"'
try "is refused with what it leads to" says "which is a symbolic link: edit the file, with: dockfw-check --edit -f $WORK/repository/dockfw.conf"
try "before the editor runs" test ! -e "$WORK/edited"
rm "$CONF" && mv "$WORK/repository/dockfw.conf" "$CONF"
try "who else may change the copy" edits 0 'chmod g+w "$2"; echo "#" >>"$2"' "$refused" send:no
try "is told of the copy: the file has another mode" says "chmod g-w $WORK/.dockfw.conf.edit"
try "the file is as it was" same

iptables-nft -S >"$WORK/tables"
change='sed -i "s/-j REJECT/-j DROP/" "$2"'
try "a change, then no" edits 0 "$change" "$ask" send:no
try "its edits are shown" shown '-p tcp -m tcp --dport 80 -m comment --comment dockfw -j DROP'
try "the repair is no advice beside the question" not says "What to do"
try "the file is as it was" same
try "so are the tables" diff "$WORK/tables" <(iptables-nft -S)
try "nothing advises to use the copy" not says "-f $WORK/.dockfw"
chmod 640 "$CONF"
try "a change, edited again, then yes" edits 0 "$change; echo '# again' >>\"\$2\"" "$ask" send:yesterday "$ask" send:Edit "$ask" send:YES
try "it is in place" [ "$(grep -c -e '-j DROP' -e '# again' "$CONF")" = 3 ]
try "with the old mode" [ "$(stat -c %a "$CONF")" = 640 ]
try "no other file is left" [ "$(find "$WORK" -name '*dockfw.conf*' | wc -l)" = 1 ]
try "it is in force" gives 0 "$DOCKFW" -f "$CONF" -b nft
try "in the tables as well" grep -q -- '--dport 80 -m comment --comment dockfw -j DROP' <(iptables-nft -S)
try "everything is taken out" edits 0 ': >"$2"' "$ask" send:no
try "a repair would not do that" shown "$CONF:1: no rule is configured, and there were some in the last good configuration"

new
try "somebody else changes it meanwhile" edits 3 "$change" "$ask" "shell:echo '# theirs' >>$CONF" ' ' send:yes
try "theirs stays" grep -q '# theirs' "$CONF"
try "the copy stays" grep -q -e '-j DROP' "$WORK/.dockfw.conf.edit"
try "another edit" edits 3 true
try "it says why" says "another --edit runs, or was cut off"
rm "$WORK/.dockfw.conf.edit"
new
try "an interrupt is a no" edits 0 "$change" "$ask" signal:INT
traced=("${after_writes[@]}")
# A process that is traced cannot look for leaks.
ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" \
	try "an interrupt before the answer is awaited is a no" edits 0 "$change" "$ask" $'type:\x03'
traced=()
try "the file is as it was" same
try "the editor fails" edits 3 'exit 1'
try "it says so" says 'failed; EDITOR names another one'
rm "$CONF"
try "a new file begins as the sample" edits 0 'cp "$2" '"$WORK/sample"
try "the sample" grep -q dockfw.conf "$WORK/sample"
try "no terminal" gives 3 "$DOCKFW" -f "$CONF" --edit </dev/null
try "no copy is left" no_copy
finish
