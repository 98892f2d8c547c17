#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the program inherits: resource limits, signals, timers and streams. Whatever they
# are, the exit status is 0 to 3, and an error is one line.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"

KIND=nft
export LSAN_OPTIONS=detect_leaks=0
two_rules
load docker-28.5 && ipt -I DOCKER-USER -i ens3 -p tcp --dport 80 -j REJECT &&
	ipt -I DOCKER-USER -i ens3 -p tcp --dport 80 -s 203.0.113.123 -j RETURN
common="import os, resource, signal, sys, time
from resource import *
signal.signal(signal.SIGXFSZ, signal.SIG_DFL) # which Python ignores
def limit(which, soft, hard=None): setrlimit(which, (soft, soft if hard is None else hard))"

# after PYTHON OPTION…: the program, in a process in which that was done first. Its output
# goes through pipes: a file could have a limit.
after() {
	{
		python3 -c "$common
$1
os.execv(sys.argv[1], sys.argv[1:])" "$DOCKFW" "${@:2}" | cat >"$WORK/out"
		exit "${PIPESTATUS[0]}"
	} 2>&1 | cat >"$WORK/err"
	return "${PIPESTATUS[0]}"
}
# starts PYTHON: whether the program can be loaded then; if not, the loader ends it.
starts() { after "$1" --version; }

# The number of errors; that nothing else can be put in force is no further one. An exposure
# goes on after errors of the configuration.
errors() {
	if grep -q 'the answer is from the tables' "$WORK/err"; then
		grep -vc -e 'no last good configuration of' -e "$CONF" "$WORK/err"
	else
		grep -vc 'no last good configuration of' "$WORK/err"
	fi
}

# each PYTHON [OPTION…]: in each mode the status is 0 to 3, and an error is one line.
each() {
	local mode status
	for mode in --check --repair --exposure; do
		after "$1" "$mode" -f "$CONF" -b nft "${@:2}"
		status=$?
		if [ "$status" -gt 3 ] || { [ "$status" = 3 ] && [ "$(errors)" != 1 ]; } ||
			{ [ -n "${works-}" ] && [ -s "$WORK/err" ]; }; then
			echo "$mode after '$1': $status"
			cat "$WORK/err"
			return 1
		fi
	done
}
# ends PYTHON [OPTION…]: the same, if the program can be loaded.
ends() { ! starts "$1" || each "$@"; }
# works PYTHON [OPTION…]: the same, and there is no error.
works() { works=yes each "$@"; }
# fails PATTERN PYTHON [OPTION…]: status 3 and that line.
fails() {
	after "$2" -f "$CONF" -b nft "${@:3}"
	[ $? = 3 ] && [ "$(errors)" = 1 ] && grep -q -- "$1" "$WORK/err" && return
	cat "$WORK/err"
	return 1
}
all_of() { # COMMAND FORMAT NUMBER…: the command for each of these numbers
	local number
	for number in "${@:3}"; do
		# shellcheck disable=SC2059 # the format
		"$1" "$(printf "$2" "$number")" || return 1
	done
}

try "without any limit" works pass

# ---- limits ----

mkdir "$WORK/folder"
try "file size" ends 'limit(RLIMIT_FSIZE, 0)' -o "$WORK/folder/report"
try "it is an error" fails "cannot write to '$WORK/folder/report': File too large" 'limit(RLIMIT_FSIZE, 0)' -o "$WORK/folder/report"
try "nothing is left behind" [ -z "$(ls -A "$WORK/folder")" ]
try "only the soft limit: it is raised" works 'limit(RLIMIT_FSIZE, 0, RLIM_INFINITY)' -o "$WORK/folder/report"
# burnt LIMITS SECONDS: so much CPU time was used before, under these limits.
all='signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())'
burnt() { printf '%s\nlimit(RLIMIT_CPU, %s)\nwhile time.process_time() < %s: pass' "$all" "$@"; }
try "CPU time, used up before" fails 'CPU time.*raise it' "$(burnt 1 0.6)"
try "CPU time, nearly used up" all_of ends "$(burnt 1 %s)" 0.4 0.45 0.48
try "only the soft limit: it is raised" works "$(burnt '1, 100' 1.2)"
try "address space" all_of ends 'limit(RLIMIT_AS, %s << 10)' 3600 3700 3800 3900 4000 4300 4700
try "data" all_of ends 'limit(RLIMIT_DATA, %s << 10)' 0 320 340 360 380 400 512
try "only the soft limits: they are raised" works 'limit(RLIMIT_AS, 64 << 20, RLIM_INFINITY); limit(RLIMIT_DATA, 2 << 20, RLIM_INFINITY)'
few() { fails 'limit of open files.* at least 32' "$1"; }
try "files" all_of few 'limit(RLIMIT_NOFILE, %s)' 9 16 31
try "enough files" works 'limit(RLIMIT_NOFILE, 32)'
try "only the soft limit: it is raised" works 'limit(RLIMIT_NOFILE, 9, 32)'
try "no file for a closed stream" eval '! starts "os.close(0); limit(RLIMIT_NOFILE, 0)"'
try "stack" all_of ends 'limit(RLIMIT_STACK, %s << 10)' 64 128 256
many='["a" * 90000] * 20'
try "the same with a long command line" ends "limit(RLIMIT_STACK, 256 << 10); sys.argv += $many"
for name in MEMLOCK SIGPENDING MSGQUEUE CORE NPROC RTPRIO NICE; do
	try "none of $name" works "limit(RLIMIT_$name, 0)"
done
# Root may have any number of processes.
no_processes="limit(RLIMIT_NPROC, 1)
os.execvp('setpriv', ['setpriv', '--reuid=65534', '--clear-groups', '--inh-caps=+net_admin,+net_raw',
	'--ambient-caps=+net_admin,+net_raw'] + sys.argv[1:])"
chmod 755 "$WORK" && chmod 644 "$CONF" && chown 65534 "$CONF"
try "processes" ends "$no_processes"
chown root "$CONF"

# ---- signals, timers, streams ----

try "SIGCHLD ignored" works 'signal.signal(signal.SIGCHLD, signal.SIG_IGN)'
try "all signals blocked" works "$all"
for name in ALRM VTALRM PROF USR1 USR2 IO RTMIN RTMAX; do
	try "SIG$name pending" works "$all; os.kill(os.getpid(), signal.SIG$name)"
done
for timer in REAL VIRTUAL PROF; do
	try "a timer: $timer" works "$all; signal.setitimer(signal.ITIMER_$timer, 0.001, 0.001)"
done
# shellcheck disable=SC2016 # eval expands it
try "no argument at all, not even a name" eval 'python3 -c "import ctypes, sys
ctypes.CDLL(None).execv(sys.argv[1].encode(), (ctypes.c_char_p * 1)(None))" "$DOCKFW" 2>"$WORK/err"; [ $? -le 3 ]'
for streams in 0 1 2 '0 1' '0 2' '1 2' '0 1 2'; do
	try "closed streams: $streams" ends "[os.close(fd) for fd in map(int, '$streams'.split())]"
done

# ---- ended from outside ----

# A socket of nfnetlink (12) that is a member of a group: the run listens for changes.
listens() { until awk '$2 == 12 && $4 != "00000000" { found = 1 } END { exit !found }' /proc/net/netlink; do sleep 0.01; done; }
# ended SIGNAL STATUS PATTERN [OPTION…]: while it waits for dockerd, which does not run.
ended() {
	local status
	"$DOCKFW" -f "$CONF" -b nft --repair --wait=60 "${@:4}" >"$WORK/out" 2>"$WORK/err" &
	listens
	kill "-$1" $! && wait $!
	status=$?
	cat "$WORK/out" "$WORK/err"
	[ "$status" = "$2" ] && [ "$(cat "$WORK/out" "$WORK/err" | wc -l)" = 1 ] && grep -q -- "$3" "$WORK/out" "$WORK/err"
}
try "SIGTERM ends a run with a warning" ended TERM 1 '^dockfw-check: stopped by SIGTERM'
try "a plugin prints it" ended TERM 1 '^DOCKFW WARNING - stopped by SIGTERM' --format=nagios
try "SIGXCPU" ended XCPU 3 'CPU time'
try "a fault" ended SEGV 3 'terminated by a fault'
stays() {
	(trap '' TERM && exec "$DOCKFW" -f "$CONF" -b nft --repair --wait=2 >"$WORK/out" 2>"$WORK/err") &
	listens
	for name in ALRM USR1 USR2 IO VTALRM PWR RTMIN TERM; do kill "-$name" $! || return 1; done
	wait $!
	[ $? -le 3 ] && ! grep stopped "$WORK/err"
}
try "others do not end it, nor does SIGTERM if it was ignored" stays
finish
