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
		"${traced[@]}" "$DOCKFW" -f "$CONF" -b "$KIND" --edit
}
traced=()
# A while after each write to the terminal, before the program goes on.
after_writes=(bash -c 'exec strace -qq -o /dev/null -P "$(tty)" -e trace=write -e inject=write:delay_exit=300000 "$@"' bash)
says() { grep -qF -- "$1" "$WORK/out" || { cat "$WORK/out" "$WORK/err"; return 1; }; }
not() { ! "$@"; }
no_copy() { [ ! -e "$WORK/.dockfw.conf.edit" ]; }
same() { cmp "$WORK/first" "$CONF"; }
new() { two_rules && mkdir -p "$WORK/conf.d" && echo 'include("conf.d/*.conf")' >>"$CONF" && cp "$CONF" "$WORK/first"; }
ask='yes, no, or edit again:'

load docker-28.5
new
try "nothing is edited" edits 0 true
try "it says so" says "is unchanged"
try "a broken rule, then no" edits 0 'sed -i "s/--dport 80/--dprot 80/" "$2"' "no to leave the file as it is?" send:n
try "the error has its line" says ".dockfw.conf.edit:3: unknown option '--dprot'"
try "the file is as it was" same
try "no copy is left" no_copy

iptables-nft -S >"$WORK/tables"
change='sed -i "s/-j REJECT/-j DROP/" "$2"'
try "a change, then no" edits 0 "$change" "$ask" send:no
try "its edits are shown" says '-p tcp -m tcp --dport 80 -m comment --comment dockfw -j DROP'
try "the repair is no advice beside the question" not says "What to do"
try "the file is as it was" same
try "so are the tables" diff "$WORK/tables" <(iptables-nft -S)
try "nothing advises to use the copy" not says "-f $WORK/.dockfw"
chmod 640 "$CONF"
try "a change, edited again, then yes" edits 0 "$change; echo '# again' >>\"\$2\"" "$ask" send:e "$ask" send:yes
try "it is in place" [ "$(grep -c -e '-j DROP' -e '# again' "$CONF")" = 3 ]
try "with the old mode" [ "$(stat -c %a "$CONF")" = 640 ]
try "no other file is left" [ "$(find "$WORK" -name '*dockfw.conf*' | wc -l)" = 1 ]
try "it is in force" gives 0 "$DOCKFW" -f "$CONF" -b nft
try "in the tables as well" grep -q -- '--dport 80 -m comment --comment dockfw -j DROP' <(iptables-nft -S)

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
