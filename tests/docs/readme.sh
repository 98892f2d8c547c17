#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the README says about the tree is true: targets and variables of make, packages,
# files, units, the known differences.
# shellcheck disable=SC2016,SC2012 # backquotes are Markdown's, and units have plain names
# shellcheck source=tests/docs/lib.sh
. "$(dirname "$0")/lib.sh"

sed -n '/^| variable | default/,/^$/p' README.md | grep -oE '`[A-Z_]+`' | tr -d '`' >"$WORK/variables"
subset "make variables" 8 <(grep -vxE 'CC|CPPFLAGS|LDFLAGS|LDLIBS|V' "$WORK/variables") \
	<(sed -nE 's/^([A-Z_]+) \?=.*/\1/p' Makefile)
subset "make's variables in the README" 8 <(sed -nE 's/^([A-Z_]+) \?=.*/\1/p' Makefile) "$WORK/variables"
grep -ohE '(^|`|&& )make [a-z-]+' README.md HACKING.md | sed 's/.*make //' >"$WORK/targets"
subset "make targets" 4 "$WORK/targets" <(sed -nE 's/^([a-z-]+):.*/\1/p' Makefile)

# The packages to build with are those that the set-up of the tests installs.
packages() # WORD: the packages after "WORD install" in the README
{
	sed -e ':again' -e '/\\$/ { N; s/\\\n//; b again' -e '}' README.md |
		sed -nE "s/.*$1 -y install (gcc .*)/\1/p" | tr -s ' ' '\n'
}
set_up() # VARIABLE
{
	sed -n "/^$1=/,/\"\$/p" tests/setup.sh | sed -e "s/^$1=\"//" -e 's/"$//' | tr -s ' \t' '\n' | grep .
}
same_set "packages of Debian" 10 <(set_up debian_build) <(packages apt-get)
same_set "packages of AlmaLinux" 9 <(set_up el_build) <(packages dnf)

# Files of the tree.
grep -ohE '`(conf|src|tests|systemd|man|completion)/[a-z0-9A-Z._/-]*[a-z0-9]`|\<(LICENSE|HACKING\.md)\>' README.md HACKING.md |
	tr -d '`' | sort -u >"$WORK/files"
while read -r file; do
	holds "$file exists" test -e "$file"
done <"$WORK/files"
[ -s "$WORK/files" ] || not_ok "files are named"
# The list in HACKING.md has exactly the files of the program, each in its folder.
awk '/^src\/$/ { inside = 1; next } /^```$/ { inside = 0 }
	inside && /^  [a-z]/ { folder = "" }
	inside && $1 ~ /\/$/ { folder = $1; next }
	inside { print "src/" folder $1 }' HACKING.md |
	sed 's/\.\[ch\]$/.c/' | sort -u >"$WORK/listed"
{ find src -name '*.c'; find src -name '*.h' | while read -r header; do
	[ -e "${header%.h}.c" ] || echo "$header"
done; } | sort >"$WORK/sources"
same_set "files in HACKING.md" 60 "$WORK/sources" "$WORK/listed"

# So are the rows of its table of folders those of the Makefile.
sed -nE 's/^USES_([a-z/]+) := ?(.*)/\1: \2/p' Makefile >"$WORK/walls"
sed -nE '/^\| folder \| may use \|/,/^$/ s/^\| ([a-z/]+) \| (.*) \|$/\1: \2/p' HACKING.md |
	grep -v '^folder:' | sed -e 's/,//g' -e 's/: -$/: /' >"$WORK/table"
same_set "who may use whom" 12 "$WORK/walls" "$WORK/table"

(cd systemd && printf '%s\n' *.service *.timer) >"$WORK/units"
subset "units in the README" 4 "$WORK/units" <(grep -oE 'dockfw-[a-z]+\.(service|timer)' README.md)
subset "units in the man page" 4 "$WORK/units" <(grep -oE 'dockfw-[a-z]+\.(service|timer)' man/dockfw-check.8)
subset "units that the documents name" 4 \
	<(grep -ohE 'dockfw-[a-z]+\.(service|timer)' README.md man/*.[58] conf/*) "$WORK/units"

# The README lists exactly the differences from iptables that the tests allow.
sed -nE 's/^[a-z]+\t(.*)/\1/p' tests/rules/known.differences >"$WORK/known"
sed -n '/^Known differences/,/^## /p' README.md | sed -nE 's/^\| `([^`]*)` \|.*/\1/p' >"$WORK/told"
same_set "known differences from iptables" 0 "$WORK/known" "$WORK/told"
finish
