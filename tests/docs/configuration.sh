#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The keys of the configuration are those of the man page; the sample and every
# example are valid.
# shellcheck source=tests/docs/lib.sh
. "$(dirname "$0")/lib.sh"
page=man/dockfw.conf.5
umask 022
mkdir "$WORK/conf.d" # examples include files from it

{
	sed -nE 's/^\t\{ "([a-z-]+)", SECTION_.*/\1/p' src/config/settings.c
	sed -nE '/names\[SECTION_COUNT\] =/ { s/"([a-z]+)"/\n\1\n/g; p }' src/config/settings.c | grep -E '^[a-z]+$'
	grep -oE 'CFG_FUNC\("[a-z-]+"' src/config/config_parse.c | sed 's/.*"\(.*\)"/\1/'
} >"$WORK/program"
{ section "$page" SETTINGS; section "$page" SECTIONS; } | sed -nE 's/^\.It Ic ([a-z-]+).*/\1/p' >"$WORK/man"
same_set "keys of the configuration" 19 "$WORK/program" "$WORK/man"

# The sample, as it is installed.
install -m 644 conf/dockfw.conf "$WORK/sample.conf"
: >"$WORK/empty.conf"
holds "the sample is valid" "$DOCKFW" --check-config -f "$WORK/sample.conf"
"$DOCKFW" --check-config -v -f "$WORK/sample.conf" >"$WORK/sample"
"$DOCKFW" --check-config -v -f "$WORK/empty.conf" >"$WORK/defaults"
holds "the sample has the defaults" diff "$WORK/defaults" "$WORK/sample"
section "$page" SETTINGS | sed -nE 's/^\.It Ic ([a-z-]+).*/\1/p' >"$WORK/settings"
subset "settings in the sample" 10 "$WORK/settings" \
	<(sed -nE 's/^([a-z-]+) +=.*/\1/p' conf/dockfw.conf)

# The words after "The default is" are what an empty configuration gives.
section "$page" SETTINGS | awk '
	/^\.It Ic / { key = $3 }
	/^The default is/ { default_is = $0; sub(/^The default is */, "", default_is)
		if (default_is == "") { getline; default_is = $2 }
		sub(/\.$/, "", default_is); print key, default_is }' >"$WORK/said"
sed -nE -e 's/"ipv4", "ipv6"/both/' -e 's/\{ \}/none/' -e 's/[{}"]//g' \
	-e 's/^([a-z-]+) += +([a-z-]+) *$/\1 \2/p' "$WORK/defaults" >"$WORK/true"
same_set "defaults of the settings" 10 "$WORK/true" "$WORK/said"

# The examples in the sample's comments become a configuration.
awk '/^# (chain|publish) "/ { inside = 1 }
	inside { print substr($0, 3) }
	/^# \}/ { inside = 0 }
	/^# include\(/ { print substr($0, 3) }' conf/dockfw.conf >"$WORK/opened.conf"
holds "the sample's examples are valid" "$DOCKFW" --check-config -f "$WORK/opened.conf"
holds "the sample's examples have rules" \
	[ "$("$DOCKFW" --check-config -v -f "$WORK/opened.conf" | grep -c ' -j ')" -ge 8 ]

# The blocks of the pages and of the man page.
blocks conf readme README.md README.ja.md doc/*.md
section "$page" EXAMPLES | sed 's/\\e/\\/g' | awk -v to="$WORK/man." '
	/^\.Ed/ { inside = 0 }
	inside { print >(to n) }
	/^\.Bd -literal/ { n++; inside = 1 }'
count=0
for file in "$WORK"/readme.* "$WORK"/man.[0-9]*; do
	[ -f "$file" ] || continue
	count=$((count + 1))
	holds "an example is valid: ${file##*/}" "$DOCKFW" --check-config -f "$file"
done
holds "there are examples" [ "$count" -ge 6 ]
finish
