#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the units run besides the program: the wait for firewalld is bounded, and
# modules are loaded only if iptables is iptables-legacy. The units themselves are
# tested on booted hosts; here only their time limits are compared.
# shellcheck disable=SC2317 # functions called by name
# shellcheck source=tests/docs/lib.sh
. "$(dirname "$0")/lib.sh"

# The commands that the helpers run, replaced by fakes.
mkdir "$WORK/bin"
PATH=$WORK/bin:$PATH
command_is() # NAME LINE…
{
	{ echo "#!/bin/sh"; printf '%s\n' "${@:2}"; } >"$WORK/bin/$1" && chmod +x "$WORK/bin/$1"
}

# ---- firewalld ----

waits() { sh systemd/wait-firewalld "$@"; }
silent() { waits "$@" >"$WORK/said" 2>&1 && [ ! -s "$WORK/said" ]; }
tells() { waits "$@" >"$WORK/said" 2>&1 && grep -q '^<4>firewalld has not answered .* for 1 seconds' "$WORK/said"; }

command_is systemctl 'exit 3'
command_is busctl "echo asked >>$WORK/asked; exit 1"
holds "firewalld does not run: no wait" silent
refuses "firewalld is not called either" test -e "$WORK/asked"
command_is systemctl 'exit 0'
command_is busctl "echo asked >>$WORK/asked; [ \"\$(wc -l <$WORK/asked)\" -ge 3 ]"
holds "firewalld answers the third time" silent
holds "it was called until then" [ "$(wc -l <"$WORK/asked")" = 3 ]
command_is busctl 'exit 1'
holds "firewalld refuses: the start goes on" tells 1
# Without a limit for the call, no time limit of a unit would be enough.
command_is busctl "echo \$\$ >$WORK/call; exec sleep 1000"
holds "firewalld accepts the call and does not answer: the start goes on" tells 1
gone() # a zombie has no command line any more
{
	for _ in {1..200}; do
		grep -q . "/proc/$1/cmdline" 2>/dev/null || return 0
		sleep 0.05
	done
	return 1
}
holds "no call is left running" gone "$(cat "$WORK/call")"

# ---- ip_tables ----

loads() # [ARGUMENT…]: it runs modprobe with these arguments; without any, not at all
{
	rm -f "$WORK/loaded"
	sh systemd/load-legacy || return 1
	if [ $# = 0 ]; then
		[ ! -e "$WORK/loaded" ]
	else
		diff - "$WORK/loaded" <<<"$*"
	fi
}

command_is modprobe "echo \"\$*\" >$WORK/loaded; exit 1"
for kind in nft legacy; do
	command_is xtables-$kind-multi
	command_is iptables-$kind
done
for command in xtables-nft-multi iptables-nft; do
	ln -sf $command "$WORK/bin/iptables"
	holds "$command: no module is loaded" loads
done
for command in xtables-legacy-multi iptables-legacy; do
	ln -sf $command "$WORK/bin/iptables"
	holds "$command: its modules are loaded" loads --quiet --all ip_tables ip6_tables
done

# ---- the sandbox ----

# What is in the units is there several times, since systemd has no include for it.
sandbox() { sed -n '/^User=/,/^LimitCORE=/p' "systemd/$1"; }
holds "the sandbox is found" [ "$(sandbox dockfw-early.service | wc -l)" -ge 40 ]
for unit in dockfw-check dockfw-timed dockfw-exposure; do
	holds "$unit.service has the same sandbox" diff <(sandbox dockfw-early.service) <(sandbox $unit.service)
done
holds "the path unit, the service and the program mean the same request" [ "$(sed -nE \
	-e 's/^PathExists=//p' -e 's/^request=//p' -e 's/^#define RESTART_REQUEST STAMP_FOLDER "(.*)"/\/run\/dockfw\1/p' \
	systemd/dockfw-restart.path systemd/restart-docker src/base/paths.h | sort | uniq -c |
	tr -s ' ')" = " 3 /run/dockfw/request/restart-docker" ]
holds "and the same time of the last restart" [ "$(sed -nE \
	-e 's/^stamp=//p' -e 's/^#define RESTART_STAMP STAMP_FOLDER "(.*)"/\/run\/dockfw\1/p' \
	systemd/restart-docker src/base/paths.h | uniq -c | tr -s ' ')" = " 2 /run/dockfw/docker-restarted" ]
holds "and the same pause" [ "$(sed -nE -e 's/^pause=//p' \
	-e 's/^#define RESTART_PAUSE_SECONDS //p' systemd/restart-docker src/base/patience.h | uniq | wc -l)" = 1 ]

for unit in systemd/*.service; do
	holds "$unit: what has no priority is not dropped" \
		[ "$(sed -n 's/^LogLevelMax=//p' "$unit")" = "$(sed -n 's/^SyslogLevel=//p' "$unit")" ]
done

# ---- times ----

# The time limit of a unit is longer than those of its parts together, so that the
# program itself can report which step timed out.
allowed() # UNIT
{
	local unit=systemd/$1 waiting=0 timeout wait
	grep -q '^ExecStartPre=.*wait-firewalld' "$unit" &&
		waiting=$(sed -n 's/^seconds=${1:-\([0-9]*\)}$/\1/p' systemd/wait-firewalld)
	timeout=$(sed -n 's/^ExecStart=.*--timeout \([0-9]*\).*/\1/p' "$unit")
	wait=$(sed -n 's/^ExecStart=.*--wait \([0-9]*\).*/\1/p' "$unit")
	echo $((waiting + ${timeout:-30} + ${wait:-0}))
}
for unit in dockfw-early dockfw-check dockfw-timed dockfw-exposure; do
	holds "$unit.service has enough time" \
		[ "$(sed -n 's/^TimeoutStartSec=//p' systemd/$unit.service)" -gt "$(allowed $unit.service)" ]
done
finish
