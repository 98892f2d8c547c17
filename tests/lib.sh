# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Sourced first by each test of the program. Runs the test again in network, PID and
# mount namespaces of its own, with an empty /run, so that it sees neither the tables
# nor the Docker of this machine. $WORK is a folder that is removed at the end. Prints
# a line "ok …" or "not ok …" for each case. DOCKFW is the program, BUILD the folder
# in which it was built.

HERE=$(cd "$(dirname "$0")" && pwd)
TESTS=${HERE%/tests/*}/tests
BUILD=${BUILD:-$TESTS/../build}
DOCKFW=${DOCKFW:-$BUILD/dockfw-check}
LAYOUTS=$TESTS/layouts

if [ -z "${TEST_WORK:-}" ]; then
	if [ "$(id -u)" != 0 ]; then
		echo "ok 1 - the whole suite # SKIP needs root"
		exit 77
	fi
	TEST_WORK=$(mktemp -d) || exit 1
	export TEST_WORK
	unshare --net --mount --pid --fork --mount-proc --kill-child bash "$0" "$@"
	status=$?
	rm -rf "$TEST_WORK"
	exit "$status"
fi
mount -t tmpfs tmpfs /run || exit 1
# The last good configurations, too, are the test's own.
mount -t tmpfs tmpfs /var/lib || exit 1
WORK=$TEST_WORK
ip link set lo up
# The interface that the sample configurations name, without a carrier or an address.
ip link add ens3 type bridge || exit 1
tests=0 bad=0

ok() { tests=$((tests + 1)); echo "ok $tests - $*"; }
not_ok() {
	tests=$((tests + 1)) bad=$((bad + 1))
	echo "not ok $tests - $*"
	[ ! -s "$WORK/said" ] || sed 's/^/  # /' "$WORK/said" | head -40
}
# Ends a test; fails if a case failed.
finish() { [ "$bad" = 0 ]; exit; }

# try NAME COMMAND…: passes if the command succeeds.
try() {
	local name=$1
	shift
	if "$@" >"$WORK/said" 2>&1; then ok "$name"; else not_ok "$name"; fi
}

# gives STATUS COMMAND…: the command exits with STATUS; output goes to $WORK/out, $WORK/err.
gives() {
	local wanted=$1 status
	shift
	"$@" >"$WORK/out" 2>"$WORK/err"
	status=$?
	[ "$status" = "$wanted" ] && return
	echo "'$*' exited with $status, not $wanted"
	cat "$WORK/out" "$WORK/err"
	return 1
}

# dockfw STATUS OPTION…: the program exits with STATUS; the configuration is $CONF.
dockfw() {
	local wanted=$1
	shift
	# shellcheck disable=SC2153 # KIND is the caller's
	gives "$wanted" "$DOCKFW" -f "$CONF" -b "$KIND" "$@"
}

# finds STATUS "SEVERITY ID,SEVERITY ID…": a check reports exactly these, in any order.
# Facts, of severity ok, count only if one of them is named.
finds() {
	local found wanted facts=false
	dockfw "$1" --format=json || return 1
	[[ ",$2" != *,ok\ * ]] || facts=true
	found=$(jq -r --argjson facts $facts \
		'.findings[] | select($facts or .severity != "ok") | .severity + " " + .id' "$WORK/out" | sort -u)
	wanted=$(tr , '\n' <<<"$2" | sort -u)
	[ "$found" = "$wanted" ] && return
	echo "found: $found"
	echo "wanted: $wanted"
	return 1
}

# The legacy tables that exist.
registered() { cat "/proc/net/${1/tables/_tables}_names" 2>/dev/null; }

# The tables as text, with counters: the state that a test must not change.
tables() {
	local kind command
	for kind in nft legacy; do
		for command in iptables ip6tables; do
			# Reading a legacy table creates it.
			if [ "$kind" = legacy ] && [ -z "$(registered "$command")" ]; then
				continue
			fi
			"$command-$kind-save" -c 2>&1 | grep -v '^#'
		done
	done
}

# Waits until the monitor shows a table created now: it has then seen everything before it.
mark() {
	local tries=0
	until grep -q "add table inet $1" "$WORK/monitor"; do
		[ $((tries += 1)) -lt 200 ] || { echo "nft monitor shows nothing"; return 1; }
		nft add table inet "$1" && nft delete table inet "$1" && sleep 0.01
	done
}

# The state that a silent command leaves; without counters where hosts send packets of their own.
still() {
	if [ -n "${HOSTS_SEND:-}" ]; then tables | sed 's/\[[0-9]*:[0-9]*\]//g'; else tables; fi
}

# silent COMMAND…: passes if the command succeeds and nothing is written meanwhile,
# not even a transaction that changes nothing, which nft monitor would show.
silent() {
	local status=1 monitor
	still >"$WORK/before"
	: >"$WORK/monitor" # without the marks of an earlier call
	nft monitor >"$WORK/monitor" 2>&1 &
	monitor=$!
	if mark begun; then
		"$@"
		status=$?
		mark ended || status=1
	fi
	# In what unshare(1) of util-linux 2.36 starts, SIGTERM stays ignored.
	kill -KILL "$monitor" && wait "$monitor" 2>/dev/null
	if grep -vE 'table inet (begun|ended)|^# new generation .* \(nft\)$' "$WORK/monitor"; then
		return 1
	fi
	still >"$WORK/after"
	diff "$WORK/before" "$WORK/after" && [ "$status" = 0 ]
}

# Empties all tables of this namespace.
clear_tables() {
	local command table
	nft flush ruleset
	for command in iptables ip6tables; do
		for table in $(registered "$command"); do
			"$command-legacy" -t "$table" -F && "$command-legacy" -t "$table" -X
			"$command-legacy" -t "$table" -P FORWARD ACCEPT 2>/dev/null || true
		done
	done
}

# load LAYOUT [ip6tables]: loads a file of tests/layouts into the backend $KIND.
load() { "${2:-iptables}-$KIND-restore" <"$LAYOUTS/$1.rules"; }

ipt() { iptables-"$KIND" "$@"; }

# fill_forward: as many base chains of a table "ip others" at the hook forward as the kernel still
# allows; the first one that it refuses is left out.
fill_forward() {
	local last
	for ((last = 0; last < 1024; last++)); do
		echo "add chain ip others c$last { type filter hook forward priority 300; }"
	done >"$WORK/chains"
	nft add table ip others
	nft -f "$WORK/chains" 2>"$WORK/no"
	last=$(sed -n 's/^add chain ip others c\([0-9]*\) .*/\1/p' "$WORK/no" | head -n 1)
	[ -n "$last" ] && head -n "$last" "$WORK/chains" | nft -f -
}

# Writes stdin, or the two rules of the sample, to a configuration file $CONF. The
# setting guard is $GUARD if that is set; it comes last, so that no line moves. It is a new
# configuration: nothing of it was in force before.
write_conf() {
	CONF=$WORK/dockfw.conf
	rm -rf /var/lib/dockfw
	cat >"$CONF"
	[ -z "${GUARD:-}" ] || echo "guard = \"$GUARD\"" >>"$CONF"
	touch -d '1 minute ago' "$CONF" # or it would be read again until it stays the same
}
# A pattern of the rules that the installed iptables takes and does not find again by their own
# text: 1.8.11 takes a mask of connlimit that is too long, and lists another.
never_found() {
	local words=(-m connlimit --connlimit-above 5 --connlimit-mask 33) pattern='^$'
	iptables-nft -N MASK || return 1
	! iptables-nft -A MASK "${words[@]}" 2>/dev/null || iptables-nft -C MASK "${words[@]}" 2>/dev/null ||
		pattern='connlimit-mask (33|129)'
	iptables-nft -F MASK && iptables-nft -X MASK
	echo "$pattern"
}

two_rules() {
	write_conf <<-'END'
	chain "DOCKER-USER" {
	    rules = {
	        "-i ens3 -p tcp --dport 80 -s 203.0.113.123 -j RETURN",
	        "-i ens3 -p tcp --dport 80 -j REJECT"
	    }
	}
	END
}
