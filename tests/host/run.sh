#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Builds and installs the program as a user would, on booted Debian hosts with
# real systemd, firewalld and Docker, and tests it there. Needs root, and writes
# only to its cache folder.
#
#	tests/host/run.sh [-r RELEASES] [-b BACKENDS] [-d FOLDER] [-j JOBS] [SCENARIO… | firewalls]
#
#	-b	nft and legacy, or "native": nft, and a Docker with "firewall-backend": "nftables"
#	-d	a folder with another dockerd and docker-proxy, in place of the releases' own;
#		for instance those of Docker 29, which Debian does not have
#	DOCKFW_HOST_CACHE  (/var/tmp/dockfw-host) root file systems and runs;
#	                   on a file system that can hold the upper layer of an overlay
#	KEEP=1             keeps the hosts' folders for inspection

# shellcheck disable=SC2317 # functions called by name
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
CACHE=${DOCKFW_HOST_CACHE:-/var/tmp/dockfw-host}
RELEASES="bookworm trixie testing"
BACKENDS="nft legacy"
# The hosts wait for half of their time.
JOBS=$((2 * $(nproc)))
[ $JOBS -ge 3 ] || JOBS=3
[ $JOBS -le 6 ] || JOBS=6
# shellcheck source=tests/host/roots.sh
. "$here/roots.sh"
# shellcheck source=tests/host/lib.sh
. "$here/lib.sh"
# shellcheck source=tests/host/scenarios.sh
. "$here/scenarios.sh"
# shellcheck source=tests/host/sandbox.sh
. "$here/sandbox.sh"
# shellcheck source=tests/host/faults.sh
. "$here/faults.sh"
# shellcheck source=tests/host/watch.sh
. "$here/watch.sh"
# shellcheck source=tests/host/hostfw.sh
. "$here/hostfw.sh"
# shellcheck source=tests/host/firewalls.sh
. "$here/firewalls.sh"
# shellcheck source=tests/host/distribution.sh
. "$here/distribution.sh"

DOCKERD=
while getopts r:b:d:j: option; do
	case $option in
	r) RELEASES=$OPTARG ;;
	b) BACKENDS=$OPTARG ;;
	d) DOCKERD=$(realpath "$OPTARG") || exit 2 ;;
	j) JOBS=$OPTARG ;;
	*) sed -n '4,17s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
	esac
done
shift $((OPTIND - 1))
NAMED=$*
[ $# -eq 0 ] || SCENARIOS="$*"

# The target fails, and says why, if the machine cannot run it.
cannot()
{
	echo "Bail out! the host tests cannot run here: $1" >&2
	exit 1
}

machine_fits()
{
	local command missing=
	[ "$(id -u)" -eq 0 ] || cannot "they need root"
	for command in systemd-nspawn mmdebstrap ip nsenter unshare tar awk cc; do
		command -v "$command" >/dev/null || missing="$missing $command"
	done
	[ -z "$missing" ] || cannot "no$missing (apt-get install gcc iproute2 mmdebstrap systemd-container)"
	mkdir -p "$CACHE" || cannot "'$CACHE' cannot be created"
	unshare -n -m true || cannot "no new namespaces"
	unshare -n sh -c 'ip link add veth0 type veth peer name veth1 && ip link add bridge0 type bridge' ||
		cannot "the kernel makes no veth or bridge"
	RUN=$(mktemp -d "$CACHE/run.XXXXXX") || cannot "'$CACHE' is not writable"
	mkdir "$RUN/l" "$RUN/u" "$RUN/w" "$RUN/m"
	mount -t overlay dockfw-host -o "redirect_dir=on,lowerdir=$RUN/l,upperdir=$RUN/u,workdir=$RUN/w" "$RUN/m" 2>/dev/null ||
		cannot "no overlay on '$CACHE' (set DOCKFW_HOST_CACHE to a folder on ext4 or xfs)"
	umount "$RUN/m"
}

clean_up()
{
	local mounted
	trap - EXIT INT TERM
	# shellcheck disable=SC2046 # a list of numbers
	kill $(jobs -p) 2>/dev/null
	wait
	awk -v run="$RUN/" 'index($2, run) == 1 { print $2 }' /proc/mounts | while read -r mounted; do
		umount "$mounted"
	done
	[ -n "${KEEP:-}" ] || rm -rf "$RUN"
}

# Copies what a user would unpack: the files of the tree without build products.
copy_tree()
{
	local files=$RUN/files
	mkdir "$RUN/tree"
	if git -C "$top" -c safe.directory='*' ls-files -co --exclude-standard -z >"$files" 2>/dev/null &&
		[ -s "$files" ]; then
		tar -C "$top" -c --null --ignore-failed-read -T "$files" | tar -C "$RUN/tree" -x
	else
		tar -C "$top" -c --exclude=./build --exclude=./.git . | tar -C "$RUN/tree" -x
	fi
}

# Runs the function with each of the further arguments, JOBS at a time; fails, and names
# it, if one of them failed. Each leaves a mark if all went well: what "wait -n" returns
# in bash 5.2 is not always the status of a job.
each() # FUNCTION ARGUMENT…
{
	local function=$1 argument well failed=0
	well=$(mktemp -d "$RUN/each.XXXXXX") || return 1
	shift
	for argument; do
		while [ "$(jobs -rp | wc -l)" -ge "$JOBS" ]; do
			wait -n
		done
		# shellcheck disable=SC2086 # a release and a backend are two arguments
		{ "$function" $argument && : >"$well/$argument"; } &
	done
	while [ -n "$(jobs -rp)" ]; do
		wait -n
	done
	for argument; do
		[ ! -e "$well/$argument" ] || continue
		echo "'$function $argument' failed" >&2
		failed=1
	done
	return $failed
}

# However a worker ends, its host ends with it; a prepared host stays, for the scenarios.
worker() # RELEASE BACKEND SCENARIO
{
	RELEASE=$1 BACKEND=$2
	PREPARED=dockfw$$-$1-$2
	TITLE=$*
	HOST=$PREPARED-$3
	[ "$3" != prepare ] || HOST=$PREPARED
	[ "$3" = prepare ] || [ -e "$RUN/$PREPARED.ready" ] || return 0
	trap host_remove EXIT
	trap 'exit 1' INT TERM
	# An ill host is not a verdict; the result of a second one is.
	# A lock, so that the lines of two workers do not mix.
	if ! tried "$3"; then
		flock "$RUN" sed 's/^/# /' "$RUN/$HOST.out"
		tried "$3"
	fi
	flock "$RUN" cat "$RUN/$HOST.out"
	[ ! -e "$RUN/$HOST.ready" ] || trap - EXIT
}

# Runs the scenario on a host of its own; its output is then in $HOST.out. Fails if
# the host was ill.
tried() # SCENARIO
{
	local began=$SECONDS
	rm -f "$RUN/$HOST.ill" "$RUN/$HOST.ready"
	{
		"scenario_$1" "$HOST" || not_ok "the scenario ended early"
		note "took $((SECONDS - began)) s"
	} >"$RUN/$HOST.out" 2>&1 3>&1
	[ ! -e "$RUN/$HOST.ill" ] || rm -f "$RUN/$HOST.ready"
	[ -e "$RUN/$HOST.ready" ] || host_remove
	[ ! -e "$RUN/$HOST.ill" ]
}

# A scenario that was named on the command line runs on every host.
runs_on() # "RELEASE BACKEND SCENARIO"
{
	[ -z "$NAMED" ] || return 0
	case $1 in
	*faults | *watch | *restart | *direct | *flush) [[ $1 =~ ^(bookworm\ nft|trixie\ legacy|testing\ nft) ]] ;;
	*promise) [[ $1 =~ ^(bookworm\ nft|trixie|testing\ nft) ]] ;;
	*boot | *reload) [[ ! $1 =~ ^trixie\ legacy ]] ;;
	*sandbox) [[ $1 =~ ^(bookworm\ nft|trixie\ legacy) ]] ;;
	*plain) [[ $1 =~ ^(bookworm\ legacy|trixie\ nft) ]] ;;
	esac
}

# Each release with each backend and each of the scenarios, a line each.
# The long scenarios that depend least on the host have some of the hosts each.
work() # SCENARIO…
{
	local release backend scenario
	for scenario; do
		for release in $RELEASES; do
			for backend in $BACKENDS; do
				runs_on "$release $backend $scenario" &&
					echo "$release $backend $scenario"
			done
		done
	done
}

# Numbers the results, prints their sum at the end, and fails if one failed.
summary()
{
	awk '/^ok /     { sub(/^ok /, "ok " ++n " "); passed++ }
	     /^not ok / { sub(/^not ok /, "not ok " ++n " "); failed++ }
	     { print; fflush() }
	     END {
		printf "1..%d\n%d passed, %d failed, 0 skipped\n", n, passed, failed
		exit failed > 0 || !passed
	     }'
}

machine_fits
trap clean_up EXIT
trap 'exit 1' INT TERM
cc -std=gnu11 -D_GNU_SOURCE -O2 -o "$RUN/knock" "$here/knock.c" || cannot "knock.c does not build"
if [[ " $NAMED " == *" distribution "* ]]; then
	EVENTS=${EVENTS:-50}
	# shellcheck disable=SC2046 # words
	cc -std=gnu11 -D_GNU_SOURCE -O2 -o "$RUN/moments" "$here/moments.c" $(pkg-config --cflags --libs libmnl) ||
		cannot "moments.c does not build"
fi
# Static, since it runs on every release.
cc -std=gnu11 -D_GNU_SOURCE -O2 -static -o "$RUN/escape" "$here/escape.c" || cannot "escape.c does not build"
copy_tree || cannot "the tree cannot be copied"
# shellcheck disable=SC2086 # a list of names
each root_build $RELEASES || cannot "a root file system is missing"
# Its lines do not mix with those of the hosts, and its clients do not wait for them.
try_firewalls()
{
	ufw_unpack || cannot "the package ufw cannot be unpacked"
	# shellcheck disable=SC2086 # a list of names
	each firewalls $RELEASES
}
try_hosts()
{
	# shellcheck disable=SC2086 # a list of names
	each program_build $RELEASES || { echo "not ok - the program is not built on each release"; return; }
	# Not from a process substitution: bash 5.2 waits for ever for a command that gets the
	# process id of an earlier one, which happens once the ids have gone round.
	mapfile -t hosts <<<"$(work prepare)"
	# shellcheck disable=SC2086 # a list of names
	mapfile -t scenarios <<<"$(work $SCENARIOS)"
	# What a worker that is killed would have found is not known.
	each worker "${hosts[@]}" || echo "not ok - the worker of a host ended early"
	each worker "${scenarios[@]}" || echo "not ok - the worker of a scenario ended early"
}
{
	[[ -n $NAMED && $NAMED != firewalls ]] || try_firewalls
	[ "$NAMED" = firewalls ] || try_hosts
} 2>&1 | summary
exit "${PIPESTATUS[1]}"
