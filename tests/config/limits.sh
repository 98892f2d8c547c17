#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Configurations that are too large, files that cannot be read, and options that do not
# go together: each is refused, with the reason.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"

KIND=nft
# refused PATTERN FILE: PATTERN matches on stderr, and nothing is on stdout.
refused() {
	gives 3 timeout 200 "$DOCKFW" --timeout=180 --check-config -f "$2" || return 1
	[ ! -s "$WORK/out" ] && grep -qE -- "$1" "$WORK/err" && return
	head -c 2000 "$WORK/err"
	return 1
}
reads() { gives 0 timeout 200 "$DOCKFW" --timeout=180 --check-config -f "$1"; }
many() { # NUMBER FORMAT
	local number
	for ((number = 0; number < $1; number++)); do
		# shellcheck disable=SC2059 # the format
		printf "$2\n" "$number"
	done
}

# ---- too large ----

write_conf < <(many 1025 'chain "C%d" { rules = { "-j RETURN" } }')
try "too many sections" refused 'conf:1025: more than 1024' "$CONF"
{
	echo 'chain "DOCKER-USER" { rules = {'
	yes '"-j RETURN",' | head -n 65537
	echo '} }'
} >"$WORK/rules.conf"
try "too many rules" refused 'rules.conf:65538: more than 65536 rules' "$WORK/rules.conf"
{
	echo 'chain "DOCKER-USER" { rules = {'
	many 10000 '"-p tcp --dport 1%%d%d -j DROP",'
	echo '} }'
} >"$WORK/wrong.conf"
try "many wrong rules" refused 'wrong.conf:51: too many errors' "$WORK/wrong.conf"
at_most() { [ "$(wc -l <"$WORK/err")" -le "$1" ] || { wc -l "$WORK/err"; return 1; }; }
try "not all of them are reported" at_most 52
yes '}' | head -n 50 >"$WORK/text.conf"
try "many wrong lines" refused 'too many errors' "$WORK/text.conf"
try "not all of them are reported" at_most 25
head -c 17000000 /dev/zero | tr '\0' '#' >"$WORK/large.conf"
try "a file that is too large" refused 'at most 16777216 are read' "$WORK/large.conf"
mkdir -p "$WORK/deep"
for number in {0..11}; do echo "include(\"$((number + 1)).conf\")" >"$WORK/deep/$number.conf"; done
: >"$WORK/deep/12.conf"
try "files that include each other too deeply" refused 'includes are nested too deeply' "$WORK/deep/0.conf"
try "but not these" reads "$WORK/deep/4.conf"
mkdir -p "$WORK/files"
for number in {1..1025}; do : >"$WORK/files/$number.conf"; done
write_conf <<<'include("files/*.conf")'
try "too many files" refused 'too many files' "$CONF"
echo 'include("loop.conf")' >"$WORK/loop.conf"
try "a file that includes itself" refused 'loop.conf:1: .*includes itself' "$WORK/loop.conf"

# ---- files ----

# The name of a folder is not a pattern, and a name without a folder is in the current one.
mkdir "$WORK/[ab]*?"
echo 'include("*.inc")' >"$WORK/[ab]*?/main.conf"
echo 'chain "DOCKER-USER" { rules = { "-j RETURN" } }' >"$WORK/[ab]*?/one.inc"
try "a folder with the name of a pattern" reads "$WORK/[ab]*?/main.conf"
echo 'colour = "red"' >"$WORK/[ab]*?/two.inc"
try "its files are read" refused 'two.inc:1: ' "$WORK/[ab]*?/main.conf"
here() { (cd "$WORK/[ab]*?" && refused '^dockfw-check: two.inc:1: ' main.conf); }
try "a name without a folder" here
try "a device" refused '/dev/zero' /dev/zero
try "/dev/null is an empty one" gives 0 "$DOCKFW" --check-config -f /dev/null
ln -s self "$WORK/self"
try "a link that leads to itself" refused 'self.*symbolic links' "$WORK/self"
unread() {
	install -m 600 /dev/null "$WORK/secret.conf"
	chmod 711 "$WORK"
	setpriv --reuid 65534 --regid 65534 --clear-groups "$DOCKFW" --check-config -f "$WORK/secret.conf" >"$WORK/out" 2>&1
	[ $? = 3 ] && grep -q 'Permission denied; run as a user who may read it' "$WORK/out" && return
	cat "$WORK/out"
	return 1
}
try "a file without permission to read it" unread
try "a missing file, with the usual place named" refused 'the usual one is' "$WORK/none.conf"

# ---- the environment ----

# Extensions come only from the system: code in any other folder would run as root.
two_rules
for variable in XTABLES_LIBDIR IPTABLES_LIB_DIR IP6TABLES_LIB_DIR; do
	export "$variable=$WORK/files"
	try "$variable has no effect on extensions" reads "$CONF"
	unset "$variable"
done

# ---- options ----

option() { # PATTERN OPTION…
	local pattern=$1
	shift
	gives 3 "$DOCKFW" "$@" && grep -q -- "$pattern" "$WORK/out" "$WORK/err" && return
	cat "$WORK/out" "$WORK/err"
	return 1
}
try "--output with --check-config" option 'cannot be used with --check-config' --check-config -o "$WORK/report"
try "--dry-run without --repair" option '--dry-run needs --repair' --dry-run
try "--restart-docker without --repair" option 'needs --repair' --restart-docker
try "--restart-docker with --dry-run" option 'cannot be used with --dry-run' --repair --dry-run --restart-docker
try "--fail-if-open without --exposure" option 'needs --exposure' --fail-if-open
try "--format=json with --capture" option "'json' cannot be used" --capture --format=json
try "--format=nagios with --trace" option "'nagios' cannot be used" --trace 'from 192.0.2.1 in ens3 tcp 80' --format=nagios
try "an argument" option "unexpected argument 'more'" --check more
try "an unknown short option" option "'-Z'" -Z
try "no value" option '--' --config
finish
