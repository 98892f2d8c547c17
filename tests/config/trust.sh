#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Where a path leads: folders and links that others may change, on the way to the
# configuration, to what it includes, to the xtables lock and to the file of --output.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"

KIND=nft
# refused PATTERN FILE: PATTERN matches on stderr, in one line, and nothing is on stdout.
refused() {
	gives 3 "$DOCKFW" --check-config -f "$2" || return 1
	[ ! -s "$WORK/out" ] && [ "$(wc -l <"$WORK/err")" = 1 ] && grep -qE -- "$1" "$WORK/err" && return
	cat "$WORK/out" "$WORK/err"
	return 1
}
reads() { gives 0 "$DOCKFW" --check-config -f "$1"; }
# No command that changes a folder is proposed: it may be somebody's home.
elsewhere="where the path leads; put the file into a folder that only root may change, such as /etc/dockfw\$"
# mended: the command of the last message makes the file acceptable.
mended() { eval "$(sed -n 's/.*; run: //p' "$WORK/err")" && reads "$1"; }

chmod 755 "$WORK"
mkdir -p "$WORK/a/b/conf.d" && a=$WORK/a b=$WORK/a/b
echo 'include("conf.d/*.conf")' >"$b/main.conf"
echo 'chain "DOCKER-USER" { rules = { "-j RETURN" } }' >"$b/conf.d/one.conf"
ln -s b "$a/link"
ln -s "$b/conf.d/one.conf" "$a/one.conf"

# ---- the configuration ----

try "folders of root's" reads "$b/main.conf"
try "a link of root's" reads "$a/one.conf"
try "a folder that is one" reads "$a/link/../link/./main.conf"
here() { (cd "$1" && "${@:2}"); }
try "a name relative to the current folder" here "$b" reads main.conf
try "and from another one" here "$b/conf.d" reads ../main.conf
for mode in 0775 0757 0777; do
	for folder in "$a" "$b"; do
		chmod "$mode" "$folder"
		try "a folder with mode $mode" refused "the folder '$folder' is writable by .*mode $mode.*$elsewhere" "$b/main.conf"
		try "the same through a link" refused "'$folder' is writable by" "$a/one.conf"
		try "the same from the folder itself" here "$b" refused "'$folder' is writable by" main.conf
		chmod 755 "$folder"
	done
done
chown 65534 "$a"
try "a folder of another user's" refused "the folder '$a' belongs to user 65534.*$elsewhere" "$b/main.conf"
chown root "$a"
chown -h 65534 "$a/link"
try "a link of another user's" refused "the link '$a/link' belongs to user 65534.*$elsewhere" "$a/link/main.conf"
chown -h root "$a/link"
mkdir -m 1777 "$WORK/sticky" && mkdir "$WORK/sticky/"{own,his} && cp "$b/conf.d/one.conf" "$WORK/sticky/his"
cp "$b/conf.d/one.conf" "$WORK/sticky/own" && cp "$b/conf.d/one.conf" "$WORK/sticky"
chown 65534 "$WORK/sticky/his"
try "a file in a sticky folder" reads "$WORK/sticky/one.conf"
try "a folder in a sticky folder" reads "$WORK/sticky/own/one.conf"
try "another user's folder in it" refused "'$WORK/sticky/his' belongs to user 65534" "$WORK/sticky/his/one.conf"
ln -s own "$WORK/sticky/link" && chown -h 65534 "$WORK/sticky/link"
try "another user's link in it" refused "'$WORK/sticky/link' belongs to user 65534" "$WORK/sticky/link/one.conf"
ln -s loop "$WORK/loop"
try "a link that leads to itself" refused "'$WORK/loop/main.conf'.*symbolic links" "$WORK/loop/main.conf"
# shellcheck disable=SC2016 # it is a name
for file in own.conf "it's one.conf" '$(reboot).conf' -w.conf; do
	cp "$b/conf.d/one.conf" "$b/$file"
	chmod 664 "$b/$file" && cd "$b" || exit 1
	try "the mode of '$file'" refused " is writable by its group .*; run: chmod g-w" "$file"
	try "is mended by the command" mended "$file"
	chown 65534 "./$file"
	try "its owner" refused " belongs to user 65534, .*; run: chown root" "$file"
	try "is mended by the command" mended "$file"
	cd "$WORK" || exit 1
done
user() {
	chown -R 65534 "$a"
	setpriv --reuid 65534 --regid 65534 --clear-groups "$DOCKFW" --check-config -f "$b/main.conf" || return 1
	chown -R root "$a"
}
try "a user's own folders, for that user" user

# ---- what it includes ----

chmod 777 "$b/conf.d"
try "the folder of a pattern" refused "main.conf:1: .*the folder '$b/conf.d' is writable by" "$b/main.conf"
mv "$b/conf.d/one.conf" "$b/one.conf"
try "also if nothing is in it" refused "main.conf:1: .*the folder '$b/conf.d' is writable by.*$elsewhere" "$b/main.conf"
rmdir "$b/conf.d"
try "a folder that does not exist" refused "main.conf:1: .*No such file" "$b/main.conf"
echo 'include("../link/one.conf")' >"$b/main.conf"
try "a file in another folder" reads "$b/main.conf"
chown -h 65534 "$a/link"
try "another user's link to it" refused "main.conf:1: .*the link '$a/link' belongs to user 65534" "$b/main.conf"
chown -h root "$a/link"
mkdir -p "$b/[x]*/own" && cp "$b/one.conf" "$b/[x]*/own" && echo 'include("o*/*.conf")' >"$b/[x]*/main.conf"
try "a pattern in a folder with the name of one" reads "$b/[x]*/main.conf"
chmod 777 "$b/[x]*/own"
try "one of its folders" refused "main.conf:1: .*/own' is writable by" "$b/[x]*/main.conf"

# ---- the file of --output ----

load docker-28.5
write_conf </dev/null
files_in() { find "$1" -mindepth 1 -printf '%P\n' | sort; }
# puts FILE: the report is there, and nothing else is new in its folder.
puts() {
	dockfw 0 --format=json -o "$1" && jq -e .status "$1" && [ ! -s "$WORK/out" ] &&
		! files_in "${1%/*}" | grep '^\.dockfw' && rm "$1"
}
# not_put PATTERN FILE [FOLDER]: one line of error, and nothing is in the folder.
not_put() {
	dockfw 3 --format=json -o "$2" && [ "$(wc -l <"$WORK/err")" = 1 ] && grep -qE -- "$1" "$WORK/err" &&
		[ -z "$(files_in "$3")" ]
}
mkdir -p "$WORK/out.d" "$WORK/his/in" "$WORK/his/own" && o=$WORK/out.d his=$WORK/his
ln -s out.d "$WORK/to" && ln -s ../out.d "$his/to" && ln -s "$o" "$WORK/sticky/to"
chown 65534 "$his" "$his/in"
try "output: a folder of root's" puts "$o/report"
try "output: a link of root's to it" puts "$WORK/to/report"
try "output: another user's folder" puts "$his/in/report"
try "output: root's folder in it" puts "$his/own/report"
try "output: a sticky folder" puts "$WORK/sticky/report"
try "output: a link of root's in a sticky folder" puts "$WORK/sticky/to/report"
try "output: a name relative to the current folder" here "$o" puts ./report
try "output: a link in another user's folder" not_put "the link '$his/to' is in a folder that others may change" "$his/to/report" "$o"
try "output: '..' after one" not_put "'..' after '$his/in'.*is not followed" "$his/in/../../out.d/report" "$o"
chown -h 65534 "$WORK/to" "$WORK/sticky/to"
try "output: another user's link" not_put "the link '$WORK/to' belongs to user 65534.*; name the file that it leads to" "$WORK/to/report" "$o"
try "output: another user's link in a sticky folder" not_put "the link '$WORK/sticky/to' belongs to user 65534" "$WORK/sticky/to/report" "$o"
ln -s "$WORK/none" "$o/link"
try "output: a link in place of the file" dockfw 3 -o "$o/link"
try "output: it is not followed" [ ! -e "$WORK/none" ]
rm "$o/link"

# What a killed run has left.
left() {
	LSAN_OPTIONS=detect_leaks=0 strace -o /dev/null -e trace=fsync -e inject=fsync:signal=KILL \
		"$DOCKFW" -f "$CONF" -b nft --format=json -o "$o/report"
	[ "$(files_in "$o" | grep -c '^\.dockfw-')" = 1 ] && [ ! -e "$o/report" ]
}
try "killed: a temporary file is left" left
try "the next run removes it" puts "$o/report"
for name in locked others linked longer1 ab.def abcde; do : >"$o/.dockfw-tmp.$name~"; done
# Also what a user calls a file of his own.
for name in .dockfw-backup .dockfw-config .dockfw-tmp.abcdef dockfw-tmp.abcdef~; do : >"$o/$name"; done
chown 65534 "$o/.dockfw-tmp.others~" && ln "$o/.dockfw-tmp.linked~" "$WORK/linked" &&
	ln -s "$WORK/linked" "$o/.dockfw-tmp.symlnk~" &&
	mkdir "$o/.dockfw-tmp.folder~" && mkfifo "$o/.dockfw-tmp.afifo1~"
files_in "$o" >"$WORK/before"
kept() { dockfw 0 -o "$o/report" && rm "$o/report" && files_in "$o" | diff "$WORK/before" -; }
locked() { (flock 8 && "$@") 8<"$o/.dockfw-tmp.locked~"; }
try "what is locked, or not such a file, is kept" locked kept
finish
