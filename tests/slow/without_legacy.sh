#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A program that was built without the legacy backend (LEGACY=no): it needs no libiptc, does all
# that nf_tables needs, and says of ip_tables that it cannot read it, never that all is right.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
export XTABLES_LOCKFILE=$WORK/xtables.lock

# As on a host where libiptc is not installed.
cat >"$WORK/pkg-config" <<-'END'
	#!/bin/sh
	case "$*" in *libip[46]tc* | *libiptc*) exit 1 ;; esac
	exec pkg-config "$@"
END
chmod +x "$WORK/pkg-config"
cd "$TESTS/.." || exit 1
# Beside the other one, since it is another program; less optimized, to be built in half the time.
BUILD=${BUILD%/}-nolegacy
DOCKFW=$BUILD/dockfw-check
made() {
	# Not as a part of the make that runs this.
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -j2 BUILD="$BUILD" LEGACY=no PKG_CONFIG="$WORK/pkg-config" CFLAGS=-O1 V=1 "$@" >"$WORK/made" 2>&1 ||
		{ tail -n 20 "$WORK/made"; return 1; }
}
# The command lines have no warning among them.
quiet_build() { made all && ! grep -E 'warning:|error:' "$WORK/made"; }
try "it is built without libiptc, and without a warning" quiet_build
[ -x "$DOCKFW" ] || finish

# ---- what is in it ----
not() { ! "$@"; }
try "-V names the backend that it has, and how it was built" grep -qx 'Backends: nft (built with LEGACY=no)' <("$DOCKFW" -V)
linked() { readelf -dW "$DOCKFW" | grep NEEDED; }
try "it is linked with libxtables" grep -q libxtables <(linked)
try "it is not linked with libiptc" not grep -E 'ip[46]?tc' <(linked)
try "nor does ldd find it" not grep -E 'libip[46]?tc' <(ldd "$DOCKFW")
try "no name of it is in the program, for dlopen()" not grep -aoE 'libip[46]?tc' "$DOCKFW"
try "none of its headers was read" not grep -lrE 'libiptc|kernel/legacy/(backend_legacy|iptc|legacy_table)\.o' \
	"$BUILD" --include='*.d'

# ---- make install ----
root=$WORK/root
try "make install" made install DESTDIR="$root" UNITDIR=/usr/lib/systemd/system
try "what is installed is this program" cmp "$DOCKFW" "$root/usr/sbin/dockfw-check"
try "with its units, pages and completion" [ -e "$root/usr/lib/systemd/system/dockfw-watch.service" -a \
	-e "$root/usr/share/man/man8/dockfw-check.8" -a -e "$root/usr/share/bash-completion/completions/dockfw-check" ]
try "the sample is a configuration" gives 0 "$root/usr/sbin/dockfw-check" --check-config -f "$root/etc/dockfw/dockfw.conf"
try "make uninstall" made uninstall DESTDIR="$root" UNITDIR=/usr/lib/systemd/system
try "leaves only the configuration" [ "$(find "$root" -type f)" = "$root/etc/dockfw/dockfw.conf" ]

# ---- a host with nf_tables ----
KIND=nft
load docker-28.5 && two_rules
# run STATUS OPTION…: the program finds out the backend, unless an option names it.
run() {
	local wanted=$1
	shift
	gives "$wanted" "$DOCKFW" -f "$CONF" "$@"
}
says() { grep -qF -- "$1" "$WORK/out" "$WORK/err" || { cat "$WORK/out" "$WORK/err"; return 1; }; }
untouched() { cmp <(tables) "$WORK/tables"; }
try "nft: a broken host is found" run 2
try "nft: with what is missing" says "DOCKER-USER does not hold"
try "nft: the repair" run 0 --repair
try "nft: it holds" run 0
ipt -F DOCKER-USER && ipt -D FORWARD -j DOCKER-USER && nft delete table ip dockfw
try "nft: broken otherwise" run 2
try "nft: repaired as well" run 0 --repair
try "nft: by the commands of iptables, too" grep -qx -- '-A FORWARD -j DOCKER-USER' <(ipt -S FORWARD)
try "nft: the rules of both families are printed" grep -q 'reject-with icmp6-port-unreachable' <("$DOCKFW" -f "$CONF" --check-config -v)
try "nft: who can reach the ports" run 0 --exposure
try "nft: no library of ip_tables is loaded for that" not grep -E 'libip[46]?tc' \
	<(strace -f -qq -e trace=open,openat "$DOCKFW" -f "$CONF" --repair 2>&1 >/dev/null)
tables >"$WORK/tables"

# ---- the other backend is chosen ----
chosen='the backend legacy is chosen, but this program was built without it (LEGACY=no); use --backend=nft if Docker'\''s rules are in nf_tables'
one_line() { [ "$(cat "$WORK/err")" = "dockfw-check: $chosen" ] || { cat "$WORK/err"; return 1; }; }
for mode in --check --repair "--repair --dry-run" --remove --exposure --capture --watch "--trace tcp,203.0.113.1,198.51.100.10,80"; do
	# shellcheck disable=SC2086 # a mode and its options
	try "-b legacy $mode: unknown" run 3 -b legacy $mode
	try "-b legacy $mode: why, and what to do, in one line" one_line
done
{ echo 'backend = "legacy"' && cat "$CONF"; } >"$WORK/legacy.conf"
try "the same by the configuration" gives 3 "$DOCKFW" -f "$WORK/legacy.conf"
try "the line is the same" one_line
try "and --check-config does not take it for valid" gives 3 "$DOCKFW" -f "$WORK/legacy.conf" --check-config
try "in the same line" one_line
try "for monitoring" run 3 -b legacy --format=nagios
try "on standard output" grep -q '^DOCKFW UNKNOWN - the backend legacy is chosen' "$WORK/out"
try "nothing was written" untouched

# ---- a host with tables of ip_tables ----
cannot() { says "cannot read the $1 table '$2' of ip_tables: this program was built without the legacy backend (LEGACY=no); use a program that was built with it, or unload the module that has the table"; }
no_ok() { ! grep -w OK "$WORK/out"; }
never_right() { # FAMILY TABLE
	local mode
	for mode in --check "--check -b nft" --repair "--repair --dry-run" --remove --exposure --capture "--close-first --repair" --watch; do
		# shellcheck disable=SC2086 # a mode and its options
		if ! { run 3 $mode && cannot "$1" "$2" && no_ok; }; then
			echo "with $mode"
			return 1
		fi
	done
}
iptables-legacy -A FORWARD -p udp --dport 9999 -j ACCEPT
tables >"$WORK/tables"
try "a rule in both: no mode says that all is right" never_right ipv4 filter
try "in json, too" run 3 --format=json
try "with the error" jq -e '.status == "unknown" and (.error | test("without the legacy backend"))' "$WORK/out"
try "nothing was written there" untouched
clear_tables
KIND=legacy
load docker-28.5
tables >"$WORK/tables"
legacy_only() { run 3 "$@" && says "this program was built without the legacy backend (LEGACY=no)"; }
try "Docker's chains in ip_tables only: unknown" legacy_only
try "no repair" legacy_only --repair
try "nor an exposure" legacy_only --exposure --fail-if-open
try "they are as they were" untouched
finish
