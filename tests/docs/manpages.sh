#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# mandoc and groff report nothing for the man pages, which have the required sections.
# shellcheck disable=SC2317 # functions called by name
# shellcheck source=tests/docs/lib.sh
. "$(dirname "$0")/lib.sh"

# Whether other pages are installed depends on the machine. A footer that names this program, not
# the system, is bad style only for pages of such a system.
lint() # FILE
{
	mandoc -T lint "$1" 2>/dev/null | grep -vE 'referenced manual not found|outdated mandoc\.db|operating system explicitly specified' >"$WORK/lint"
	cat "$WORK/lint"
	[ ! -s "$WORK/lint" ]
}

groff_warns() # FILE
{
	MANWIDTH=80 man -E UTF-8 --warnings -l "$1" 2>"$WORK/warnings" >"$WORK/page"
	cat "$WORK/warnings"
	[ ! -s "$WORK/warnings" ] && [ "$(wc -l <"$WORK/page")" -gt 50 ]
}

for page in man/*.[58]; do
	for command in mandoc man; do
		command -v "$command" >/dev/null || not_ok "$command is here to judge $page"
	done
	holds "$page: mandoc" lint "$page"
	holds "$page: groff" groff_warns "$page"
	# In man's own words, at several widths.
	for width in 60 80 100; do
		MANWIDTH=$width man -E UTF-8 -l "$page" >"$WORK/page" 2>/dev/null
		refuses "$page: a name is broken at a width of $width" grep -E -- '[-‐]$' "$WORK/page"
	done
	refuses "$page: the header or the footer names a BSD" grep -w BSD "$WORK/page"
	# Newer releases of groff end the footer with the section.
	holds "$page: the footer names this program" \
		grep -qiE '^dockfw-check  .* (dockfw-check|dockfw-check\(8\)|dockfw\.conf\(5\))$' "$WORK/page"
	holds "$page: NAME says what it is about" grep -q '^\.Nd .*firewall' "$page"
	subset "$page: sections" 4 \
		<(printf '.Sh %s\n' NAME DESCRIPTION FILES EXAMPLES "SEE ALSO" AUTHORS BUGS) <(grep '^\.Sh ' "$page")
done
subset "dockfw-check.8: its own sections" 5 \
	<(printf '.Sh %s\n' SYNOPSIS OPTIONS OUTPUT FINDINGS "EXIT STATUS" ENVIRONMENT) \
	<(grep '^\.Sh ' man/dockfw-check.8)

# Variables that the program reads, except for systemd's.
grep -hoE 'getenv\("[A-Z_]+"\)' src/*.c src/*/*.c src/*/*/*.c | sed 's/.*"\(.*\)".*/\1/' | grep -v '^JOURNAL_STREAM$' >"$WORK/asked"
section man/dockfw-check.8 ENVIRONMENT | sed -nE 's/^\.It Ev ([A-Z_]+)$/\1/p' >"$WORK/said"
same_set "environment variables" 3 "$WORK/asked" "$WORK/said"
finish
