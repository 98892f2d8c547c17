#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --watch follows the files of its configuration, however they are reached: through links, in
# folders that are replaced, and as files that another one includes.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/watching.sh
. "$TESTS/watching.sh"

# shellcheck disable=SC2034 # for lib.sh
KIND=nft
load docker-28.5 && load docker-28.5.ipv6 ip6tables
root=$WORK/root
mkdir -m 755 "$root"

# wants FOLDER NUMBER: its dockfw.conf has one rule, for that port.
wants() {
	mkdir -p "$1" && printf 'chain "DOCKER-USER" { rules = { "-p tcp --dport %s -j DROP" } }\n' "$2" >"$1/dockfw.conf"
}
# A rule for that port is in force.
has() { ipt -S DOCKER-USER | grep -q -- "--dport $1 "; }
# begin CONF PORT: a watch goes by it, and had time to read it twice.
begin() {
	CONF=$1
	rm -rf /var/lib/dockfw
	watch && until_true has "$2"
}
# follows NAME PORT COMMAND…: after the command, the rule for that port is in force.
follows() {
	local name=$1 port=$2
	shift 2
	"$@" || not_ok "$name"
	try "$name" until_true has "$port"
}
ends() { try "that watch ends" stop; }

# ---- folders ----
wants "$root/a" 1
try "a watch" begin "$root/a/dockfw.conf" 1
follows "its file is written" 2 wants "$root/a" 2
wants "$root/b" 3
replaced() { mv "$root/a" "$root/a.old" && mv "$root/b" "$root/a"; }
follows "its folder is replaced" 3 replaced
follows "and a file is written there" 4 wants "$root/a" 4
cp -a "$root/a" "$root/b"
same() { mv "$root/a" "$root/a.older" && mv "$root/b" "$root/a"; }
try "it is replaced by one with the same file" same
sleep 1 # it has read it
follows "and that is written" 5 wants "$root/a" 5
gone() { rm -rf "$root/a" && until_true grep -q 'No such file' "$WORK/reported"; }
try "the folder is gone, which is reported" gone
try "the last good configuration is in force" has 5
follows "it is there again" 6 wants "$root/a" 6
wants "$root/above/in" 7
above() { mv "$root" "$WORK/before" && mv "$WORK/before/above" "$root" && mv "$root/in" "$root/a"; }
follows "a folder on the way is replaced" 7 above
ends
echo 'famlies = { }' >"$root/a/dockfw.conf" && ipt -F DOCKER-USER
again() {
	"$DOCKFW" -f "$CONF" -b nft --watch >"$WORK/events" 2>"$WORK/reported" &
	watch=$!
	until_true has 7
}
try "a watch begins with a broken file" again
try "and reports what is in force" grep -q 'the last good configuration (.*) is in force instead' "$WORK/reported"
ends

# ---- links ----
wants "$root/real" 11
mkdir "$root/conf" && ln -s ../real/dockfw.conf "$root/conf/dockfw.conf"
try "a watch of a link" begin "$root/conf/dockfw.conf" 11
follows "what it leads to is written" 12 wants "$root/real" 12
swapped() { wants "$root/other" 13 && ln -s ../other/dockfw.conf "$root/conf/new" && mv "$root/conf/new" "$root/conf/dockfw.conf"; }
follows "it leads elsewhere" 13 swapped
follows "and there the file is written" 14 wants "$root/other" 14
ends
wants "$root/v1" 15
wants "$root/v2" 16
ln -s v1 "$root/now"
try "a watch of a file in a linked folder" begin "$root/now/dockfw.conf" 15
switched() { ln -s v2 "$root/next" && mv -T "$root/next" "$root/now"; }
follows "the link of the folder leads elsewhere" 16 switched
follows "the file in it is written" 17 wants "$root/v2" 17
ends

# ---- included files ----
wants "$root/parts" 21
mkdir "$root/main" && mv "$root/parts/dockfw.conf" "$root/parts/one"
part() { printf 'chain "DOCKER-USER" { rules = { "-p tcp --dport %s -j DROP" } }\n' "$2" >"$root/$1"; }
ln -s ../parts/one "$root/main/10.part"
echo 'include("*.part")' >"$root/main/dockfw.conf"
try "a watch of a file that includes a link" begin "$root/main/dockfw.conf" 21
follows "what the link leads to is written" 22 part parts/one 22
rm "$root/main/10.part"
follows "another file matches the pattern" 23 part main/20.part 23
follows "and is written" 24 part main/20.part 24
ends

# ---- without events: all instances or watches of inotify are used up ----
# without CALL ERROR: a watch for which that call fails.
without() {
	rm -rf /var/lib/dockfw
	: >"$WORK/events"
	LSAN_OPTIONS=detect_leaks=0 strace -D -qq -o /dev/null -e trace="$1" --inject="$1:error=$2" \
		"$DOCKFW" -f "$CONF" -b nft --watch --format=json >>"$WORK/events" 2>"$WORK/reported" &
	watch=$!
	until_true holds
}
reported_once() { [ "$(grep -c "nothing announces changes of the configuration's files" "$WORK/reported")" = 1 ]; }
for lost in 'inotify_init1 EMFILE' 'inotify_add_watch ENOSPC'; do
	rm -rf "$root/lost" && mkdir "$root/lost" && part lost/10.part 31
	echo 'include("*.part")' >"$root/lost/dockfw.conf"
	CONF=$root/lost/dockfw.conf
	# shellcheck disable=SC2086 # two words
	try "$lost: a watch" without $lost
	follows "$lost: an included file is written" 32 part lost/10.part 32
	other() { rm "$root/lost/10.part" && part lost/20.part 33; }
	follows "$lost: another file matches the pattern" 33 other
	follows "$lost: the file itself is written" 34 wants "$root/lost" 34
	try "$lost: is reported once" reported_once
	ends
done
finish
