#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the pages say about the tree is true: targets and variables of make, packages,
# files, units, links, the known differences, the first example.
# shellcheck disable=SC2016,SC2012 # backquotes are Markdown's, and units have plain names
# shellcheck source=tests/docs/lib.sh
. "$(dirname "$0")/lib.sh"

sed -n '/^| variable | default/,/^$/p' doc/install.md | grep -oE '`[A-Z_]+`' | tr -d '`' >"$WORK/variables"
subset "make variables" 8 <(grep -vxE 'CC|CPPFLAGS|LDFLAGS|LDLIBS|V' "$WORK/variables") \
	<(sed -nE 's/^([A-Z_]+) \?=.*/\1/p' Makefile)
subset "make's variables in doc/install.md" 8 <(sed -nE 's/^([A-Z_]+) \?=.*/\1/p' Makefile) "$WORK/variables"
grep -ohE '(^|`|&& )make [a-z-]+' "${pages[@]}" | sed 's/.*make //' >"$WORK/targets"
subset "make targets" 4 "$WORK/targets" <(sed -nE 's/^([a-z-]+):.*/\1/p' Makefile)

# The packages to build with are those that the set-up of the tests installs.
packages() # WORD PAGE: the packages after "WORD install"
{
	sed -e ':again' -e '/\\$/ { N; s/\\\n//; b again' -e '}' "$2" |
		sed -nE "s/.*$1 -y install (gcc .*)/\1/p" | tr -s ' ' '\n'
}
set_up() # VARIABLE
{
	sed -n "/^$1=/,/\"\$/p" tests/setup.sh | sed -e "s/^$1=\"//" -e 's/"$//' | tr -s ' \t' '\n' | grep .
}
for page in README.md README.ja.md; do
	same_set "$page: packages of Debian" 10 <(set_up debian_build) <(packages apt-get "$page")
	same_set "$page: packages of AlmaLinux" 9 <(set_up el_build) <(packages dnf "$page")
done

# Files of the tree.
grep -ohE '`(conf|doc|src|tests|systemd|man|completion)/[a-z0-9A-Z._/-]*[a-z0-9]`|\<(LICENSE|HACKING\.md|SECURITY\.md)\>' "${pages[@]}" |
	tr -d '`' | sort -u >"$WORK/files"
while read -r file; do
	holds "$file exists" test -e "$file"
done <"$WORK/files"
[ -s "$WORK/files" ] || not_ok "files are named"
# Each claim of SECURITY.md names its tests.
sed -n '/^| claim | tests |/,/^$/p' SECURITY.md | grep -vE '^(\| claim|\| ---|$)' >"$WORK/claims"
holds "there are claims" [ "$(wc -l <"$WORK/claims")" -ge 20 ]
refuses "a claim without a test" grep -vE '\| (`tests/[a-z_/-]+\.(sh|c)` ?)+\|$' "$WORK/claims"
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
subset "units in doc/operation.md" 4 "$WORK/units" <(grep -oE 'dockfw-[a-z]+\.(service|timer)' README.md doc/operation.md | sed 's/.*://')
subset "units in the man page" 4 "$WORK/units" <(grep -oE 'dockfw-[a-z]+\.(service|timer)' man/dockfw-check.8)
subset "units that the documents name" 4 \
	<(grep -rohE 'dockfw-[a-z]+\.(service|timer)' "${pages[@]}" man/*.[58] conf) "$WORK/units"

# doc/differences.md lists exactly the differences from iptables that the tests allow.
sed -nE 's/^[a-z]+\t(.*)/\1/p' tests/rules/known.differences >"$WORK/known"
sed -n '/^Known differences/,/^## /p' doc/differences.md | sed -nE 's/^\| `([^`]*)` \|.*/\1/p' >"$WORK/told"
same_set "known differences from iptables" 0 "$WORK/known" "$WORK/told"

# Each link leads to a file, and to a heading in it, by the name that it gets on the web.
anchors() # FILE
{
	sed -nE '/^```/,/^```/d; s/^#+ +//p' "$1" | tr -d "\`'.,:()?*" | tr 'A-Z ' 'a-z-'
}
for page in "${pages[@]}" conf/ansible/README.md; do
	grep -oE '\]\([^)]+\)' "$page" | sed -e 's/^](//' -e 's/)$//' | grep -v '^https\?:' | sort -u >"$WORK/links"
	while read -r link; do
		file=${link%%#*}
		[ -z "$file" ] && file=$page || file=$(dirname "$page")/$file
		if [ ! -e "$file" ]; then
			not_ok "$page: the link to $link: there is no $file"
		elif [[ "$link" == *\#* ]] && ! anchors "$file" | grep -qxF -- "${link#*#}"; then
			not_ok "$page: the link to $link: there is no such heading"
		else
			ok "$page: the link to $link"
		fi
	done <"$WORK/links"
done
for page in doc/*; do
	holds "$page: the README links to it" grep -qF "($page)" README.md
done
holds "the picture is XML" python3 -c 'import sys, xml.dom.minidom as dom; dom.parse(sys.argv[1])' doc/packet.svg

# The first example is what "make demo" shows, and the same in each language.
example() { sed -n '/^```$/,/^```$/p' "$1" | sed '1d; /^```$/,$d'; }
holds "the first example is the same in Japanese" diff <(example README.md) <(example README.ja.md)
if [ "$(id -u)" = 0 ]; then
	holds "make demo" tests/demo.sh "$DOCKFW"
	cp "$WORK/out" "$WORK/demo"
	subset "the first example is the host of make demo" 15 <(example README.md | grep -v '^…$') "$WORK/demo"
else
	ok "make demo # SKIP not root"
fi
finish
