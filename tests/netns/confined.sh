#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The process that loads extensions is confined: a hostile extension, which does as it
# likes in iptables, can do nothing there; rules that need something still have it.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
TOOL=$BUILD/tools/spec-tool
skip() { echo "ok 1 - the whole suite # SKIP $1"; exit 77; }
[ -z "${COVERAGE:-}" ] || skip "coverage is counted in files that a confined process cannot write"
! ldd "$DOCKFW" 2>/dev/null | grep -q libasan || skip "the sanitizer needs calls that the filter forbids"

# The folder of extensions has one more.
FOLDER=$(pkg-config --variable=xtlibdir xtables)
cp -a "$FOLDER" "$WORK/extensions" && cp "$BUILD/tools/libxt_evil.so" "$WORK/extensions" &&
	chmod 755 "$WORK" "$WORK/extensions" && mount --bind "$WORK/extensions" "$FOLDER" || exit 1
# Files of everyone: what forbids them is not their mode.
mkdir -p /run/evil/mount && echo secret >/run/evil/secret && : >/run/evil/victim &&
	chmod 777 /run/evil && chmod 666 /run/evil/*[!t] || exit 1
cp "$TOOL" "$WORK/tool"
TOOL=$WORK/tool
python3 -c '
import socket, time
server = socket.socket(socket.AF_UNIX)
server.bind("/run/evil/socket")
server.listen(64)
time.sleep(3600)' &
until [ -S /run/evil/socket ]; do sleep 0.05; done
chmod 666 /run/evil/socket

# attempt WHO… -- RULE: runs the tool as WHO, with a secret in its environment and an
# open descriptor.
attempt() {
	local who=()
	while [ "$1" != -- ]; do who+=("$1"); shift; done
	# A second rule after it shows that the program goes on.
	printf '%s\n-p tcp --dport 80 -j DROP\n' "$2" |
		SECRET=1 timeout 60 "${who[@]}" "$TOOL" -4 >"$WORK/out" 2>&1 9</run/evil/secret
}
denied() { # WHO… -- WHAT [OTHER OPTIONS]
	local what=("$@")
	while [ "${what[0]}" != -- ]; do what=("${what[@]:1}"); done
	attempt "${@:1:$#-${#what[@]}}" -- "-m evil --try ${what[1]} ${what[2]:-}"
	grep -q "^refused	denied: ${what[1]} " "$WORK/out" && grep -qx 'ok	-p tcp -m tcp --dport 80 -j DROP' "$WORK/out" && return
	cat "$WORK/out"
	return 1
}

succeeds() { # WHAT
	SECRET=1 bash -c "iptables-legacy -A FORWARD -m evil --try $1; true" >"$WORK/out" 2>&1 9</run/evil/secret
	grep -q "escaped: $1" "$WORK/out" || { cat "$WORK/out"; return 1; }
}
restore() {
	rm -f /run/evil/new && echo secret >/run/evil/secret && : >/run/evil/victim &&
		chmod 666 /run/evil/secret /run/evil/victim || exit 1
	umount /run/evil/mount 2>/dev/null || :
}

nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
one='-all,+net_admin'
unit=("${nobody[@]}" --bounding-set "$one" --inh-caps "$one" --ambient-caps "$one" --no-new-privs)
# With a rule that may name a set, the process keeps what it needs to ask for sets.
sets='-m comment --comment set'

two_rules
files='shadow load write truncate create remove tmp read'
! "$DOCKFW" -f "$CONF" --check-config -vv 2>&1 | grep -q 'without.*Landlock' || files=${files% read}
processes='memory vm exec fork clone unshare ptrace kill queue owner setuid'
sockets='unix raw netlink replace entries packet ioctl'
others='mount uring bpf'
for what in $files $processes $sockets $others descriptors environment; do
	# The proof that the attempt can succeed. Its parent is a shell of this test.
	try "$what succeeds in iptables" succeeds "$what"
	restore
	try "$what is denied" denied -- "$what"
	try "$what is denied with sets" denied -- "$what" "$sets"
	try "$what is denied to a unit's user" denied "${unit[@]}" -- "$what" "$sets"
	try "$what is denied to a user" denied "${nobody[@]}" -- "$what"
done

# ---- how the process looks from outside ----

# looks WHO… -- RULE PATTERN…: while the process reads the rule, its /proc/PID/status has
# such lines.
looks() {
	local who=() tool child
	while [ "$1" != -- ]; do who+=("$1"); shift; done
	SECRET=1 "${who[@]}" "$TOOL" -4 <<<"$2" >"$WORK/out" 2>&1 9</run/evil/secret &
	tool=$!
	shift 2
	until child=$(pgrep -P "$tool") && grep -q libxt_evil "/proc/$child/maps"; do
		kill -0 "$tool" || { cat "$WORK/out"; return 1; }
		sleep 0.05
	done
	cp "/proc/$child/status" "/proc/$child/limits" "$WORK"
	tr -d '\0' <"/proc/$child/environ" >"$WORK/environ"
	find "/proc/$child/fd" -type l -printf '%f %l\n' | sed 's/:.*//' | sort -n >"$WORK/descriptors"
	kill -KILL "$tool"
	wait "$tool"
	# It ends with its parent.
	while [ -e "/proc/$child" ]; do sleep 0.05; done
	for line; do
		grep -qE "$line" "$WORK/status" || { echo "no line '$line'"; cat "$WORK/status"; return 1; }
	done
}
spin='-m evil --try wait'
none="0{16}" admin="0{12}1000" # capability 12
try "root's process has another user and nothing else" looks -- "$spin" \
	'^Uid:(	65533){4}$' '^Gid:(	65533){4}$' '^Groups:	 ?$' "^CapInh:	$none$" "^CapPrm:	$none$" "^CapEff:	$none$" \
	"^CapBnd:	$none$" "^CapAmb:	$none$" '^NoNewPrivs:	1$' '^Seccomp:	2$'
try "no string of its environment is left" diff /dev/null "$WORK/environ"
try "it has stdio, two pipes and the file for its errors" diff - "$WORK/descriptors" <<-'END'
	0 /dev/null
	1 /dev/null
	2 /memfd
	3 pipe
	4 pipe
	5 /memfd
END
for limit in 'Max processes +0 +0' 'Max core file size +0 +0' 'Max open files +22 +22' 'Max file size +16777216' \
	'Max address space +4294967296' 'Max cpu time +1[12][0-9] '; do
	try "limit: $limit" grep -qE "^$limit" "$WORK/limits"
done
try "with sets it has CAP_NET_ADMIN" looks -- "$spin $sets" "^CapPrm:	$admin$" "^CapEff:	$admin$" "^CapBnd:	$none$" "^CapAmb:	$none$"
try "a unit's user has it only then" looks "${unit[@]}" -- "$spin" "^CapPrm:	$none$" "^CapEff:	$none$" "^CapAmb:	$none$" '^Seccomp:	2$'
try "and has it then" looks "${unit[@]}" -- "$spin $sets" "^CapPrm:	$admin$" "^CapEff:	$admin$" "^CapAmb:	$none$"

# ---- what still works ----

ipset create office hash:ip
tool() { # EXPECTED WHO… -- RULE
	local expected=$1
	shift
	attempt "$@"
	head -n 1 "$WORK/out" | grep -qxF -- "$expected" || { cat "$WORK/out"; return 1; }
}
rule='-m set --match-set office src -j SET --add-set office dst'
for who in root unit; do
	as=()
	[ $who = root ] || as=("${unit[@]}")
	try "$who: a set is found, and printed by its name" tool "ok	$rule" "${as[@]}" -- "$rule"
done
try "sets do not need CAP_NET_RAW" tool "ok	$rule" \
	setpriv --bounding-set -net_raw --inh-caps -all -- "$rule"
try "sets need CAP_NET_ADMIN" tool "refused	Kernel module xt_set is not loaded in." \
	setpriv --bounding-set -net_admin --inh-caps -all -- "$rule"
try "nothing else does" tool "ok	-m conntrack --ctstate NEW -j LOG" \
	setpriv --bounding-set -all --inh-caps -all -- '-m conntrack --ctstate NEW -j LOG'
try "a crash is the error of one rule" attempt -- '-m evil --try abort'
try "and says which" grep -qx 'refused	libxtables crashed on it (Aborted)' "$WORK/out"
# The program itself has handlers for these signals, which must not hold there.
cat >"$WORK/crash.conf" <<-'END'
chain "DOCKER-USER" { rules = {
  "-p tcp --dport 80 -j DROP",
  "-m evil --try abort",
  "-p tcp --dprot 81 -j DROP" } }
END
try "the program reports it" gives 3 "$DOCKFW" -f "$WORK/crash.conf" --check-config
try "with its line" grep -q 'crash.conf:3: libxtables crashed on it (Aborted)$' "$WORK/err"
try "and reads on" grep -q "crash.conf:4: unknown option '--dprot'" "$WORK/err"
mkdir /run/folder && mv "$WORK/extensions/libxt_evil.so" /run/folder || exit 1
for name in XTABLES_LIBDIR IPTABLES_LIB_DIR; do
	try "$name chooses the extensions of iptables" env $name=/run/folder bash -c \
		'iptables-legacy -A FORWARD -m evil --try shadow 2>&1 | grep -q escaped:'
	try "$name does not choose those here" tool 'refused	-m evil: no such match is installed for IPv4' \
		env $name=/run/folder -- '-m evil --try shadow'
done

# ---- names ----

names='-p tcp -m owner --uid-owner root --gid-owner daemon -m tcp --dport http --sport domain'
try "names of users, groups and services" tool \
	'ok	-p tcp -m owner --uid-owner 0 --gid-owner 1 -m tcp --sport 53 --dport 80' -- "$names"
strace -f -qq -e trace=open,openat,connect,socket -o "$WORK/strace" "$TOOL" -4 <<<"$names" >/dev/null
try "come from the files" bash -c "grep -q '\"/etc/passwd\"' '$WORK/strace' && grep -q '\"/etc/services\"' '$WORK/strace'"
try "NSS is not consulted" bash -c "! grep -E 'nsswitch|libnss|AF_UNIX|nscd' '$WORK/strace'"

# ---- a kernel without the means ----

try "without any of them, rules are read" gives 0 "$BUILD/tools/without" confinement "$DOCKFW" -f "$CONF" --check-config -vv
try "which is said" grep -q 'runs without Landlock, a user of its own, giving up capabilities, a filter of system calls: not available here$' "$WORK/err"
try "only then" bash -c "'$DOCKFW' -f '$CONF' --check-config -vv 2>&1 | grep -q 'runs without'; [ \$? = 1 ]"
finish
