#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Reports on hosts that the other tests do not have: long chains and lists, chains
# without rules, DOCKER-USER before Docker starts, other ways to answer for a port.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "${0%/*}/../hosts.sh"
# shellcheck source=tests/dockerd.sh
. "${0%/*}/../dockerd.sh"
GUARD=off # the guard has a suite of its own

says() { grep -qE -- "$1" "$WORK/out" || { echo "not reported: $1"; cat "$WORK/out" "$WORK/err"; return 1; }; }

for KIND in nft legacy; do
	# ---- a long chain ----
	clear_tables
	load docker-28.5
	write_conf < <(
		echo 'chain "DOCKER-USER" { rules = {'
		for number in {1..40}; do echo "\"-s 192.0.2.$number -j DROP\","; done
		echo '} }'
	)
	try "$KIND: forty rules" dockfw 0 --repair
	try "$KIND: then a dry run" dockfw 0 --repair --dry-run
	try "$KIND: it would change nothing" says '^OK: nothing to repair; '
	ipt -D DOCKER-USER 20
	try "$KIND: one is missing" dockfw 2
	try "$KIND: the rules around it are shown" says '^ +18  -s 192.0.2.18/32 .*DROP$'
	try "$KIND: so is the missing rule" says '^  \+     -  -s 192.0.2.20/32 .*DROP$'
	try "$KIND: the rules far from it are counted" says '^ +\(1[0-9] rules\)$'
	for _ in {1..8}; do ipt -I FORWARD -i docker0 -o docker0 -j ACCEPT; done
	try "$KIND: many rules before the jump" dockfw 2
	try "$KIND: the first are named" says 'rules 1, 2, 3, 4, 5 and 3 more of FORWARD'

	# ---- user-defined chains without rules ----
	clear_tables
	load docker-28.5
	write_conf <<-'END'
	chain "DOCKER-USER" { rules = { "-j EMPTY" } }
	chain "EMPTY" { }
	END
	try "$KIND: an empty chain does not exist" finds 2 'critical rule-missing'
	try "$KIND: it is reported" grep -q 'there is no chain EMPTY' "$WORK/out"
	try "$KIND: it is created" dockfw 0 --repair
	try "$KIND: it has no rules" dockfw 0 -v
	try "$KIND: that is shown" says '^ +\(no rules\)$'

	# ---- before Docker ----
	clear_tables
	two_rules
	try "$KIND: installed before Docker starts" dockfw 0 --repair -4
	ipt -A FORWARD -j DOCKER-USER
	try "$KIND: a harmless finding is reported as it is" dockfw 1 -4
	try "$KIND: the finding" says '^warning +user-jump-duplicate'
	ipt -I DOCKER-USER -s 192.0.2.1 -j RETURN
	try "$KIND: a dangerous one is for when Docker starts" dockfw 3 -4
	try "$KIND: and that one is reported" says 'DOCKER-USER is not as configured: rule 1 of DOCKER-USER can let packets past'

	# ---- a target with another form in nf_tables ----
	clear_tables
	load docker-28.5
	write_conf <<-'END'
	chain "DOCKER-USER" { rules = {
	    "-p tcp --dport 1 -j NFLOG --nflog-group 5 --nflog-prefix \"a prefix\" --nflog-threshold 4",
	    "-p tcp --dport 2 -j NFLOG --nflog-group 6 --nflog-size 60"
	} }
	END
	try "$KIND: NFLOG is installed" dockfw 0 --repair
	try "$KIND: and found again" silent dockfw 0 --repair
	try "$KIND: as iptables lists it" grep -q -- '--nflog-prefix.*a prefix.* --nflog-group 5 --nflog-threshold 4' <(ipt -S DOCKER-USER)
done

# ---- which rules are at fault, and what each remedy is for ----

KIND=nft
clear_tables
load reload-new-networks
two_rules
try "the order is wrong and the rules are gone" dockfw 2
try "the chain that is named is one that lets packets in" says \
	'^critical +user-jump-late +ipv4: rule 3 of FORWARD jumps to Docker.s chain DOCKER before rule 10 jumps to DOCKER-USER'
try "the accepting rules that are named let new connections in" says '^critical +accept-before-user +ipv4: rules 4, 5, 8 and 9 of FORWARD can'
marks() { # SIGN FINDING NUMBER…
	local sign=$1 finding=$2
	shift 2
	[ "$(sed -nE "s/^  $sign +([0-9]+) .* <- $finding\$/\1/p" "$WORK/out" | xargs)" = "$*" ] || { cat "$WORK/out"; false; }
}
try "each of them is marked" marks '!' accept-before-user 4 5 8 9
try "so is each jump to Docker's chains that is as bad" marks '!' user-jump-late 3 7
try "and the jump that comes too late" marks - user-jump-late 10
try "a remedy is printed once, for all findings that it repairs" says \
	"^  user-jump-late, accept-before-user, rule-missing: run: dockfw-check -f $CONF -b nft --repair\$"
ln "$CONF" "$WORK/it's one"
try "its command is for the families that were checked" gives 2 "$DOCKFW" -f "$WORK/it's one" -4
try "quoted for a shell" says "run: dockfw-check -f '$WORK/it'\\\\''s one' -4 --repair\$"
command=$(sed -n "s|.* run: dockfw-check|'$DOCKFW'|p" "$WORK/out")
try "in json too" gives 2 "$DOCKFW" -f "$CONF" --format=json
# shellcheck disable=SC2016 # jq's
try "it has the command" jq -e --arg command "run: dockfw-check -f $CONF --repair" 'all(.findings[]; .remedy == $command)' "$WORK/out"
try "and the command repairs" gives 0 eval "$command"
for _ in {1..40}; do ipt -I FORWARD -i docker0 -j ACCEPT; done
try "forty rules before the jump" dockfw 2
try "rules far away are counted, even if marked" says '^ +\([0-9]+ rules\)$'
ipt -N ts-forward && ipt -A ts-forward -j ACCEPT && ipt -I FORWARD -j ts-forward
try "a chain before the jump" dockfw 2
try "it can be trusted" says '^  accept-before-user: run: .* --repair, or list the chain that the rule jumps to in trusted-chains$'

# ---- numbers before and after a repair ----

clear_tables
load docker-28.1
two_rules
ipt -A DOCKER-USER -s 192.0.2.1 -j DROP
try "rules come in, and something is left" dockfw 1 --repair
try "with its current number" says 'rule 4 of DOCKER-USER is never evaluated: rule 3 ends'
try "the listing says that it has the numbers from before" says '^What was changed .*, with the numbers from before:$'
try "but only if they differ" says '^ipv4 filter FORWARD \(policy DROP\)$'
try "afterwards the numbers are the same" dockfw 1
try "and the listing shows that" says '^ipv4 filter DOCKER-USER$'

# ---- files that cannot be written ----

mkdir "$WORK/closed" "$WORK/small"
mount -t tmpfs -o ro tmpfs "$WORK/closed" && mount -t tmpfs -o size=4k tmpfs "$WORK/small"
head -c 4096 /dev/zero >"$WORK/small/all"
complains() { # REASON-AND-REMEDY FILE
	dockfw 3 -o "$2" && [ "$(wc -l <"$WORK/err")" = 1 ] && grep -qF "$1" "$WORK/err"
}
try "no such folder" complains "No such file or directory; its directory must exist" "$WORK/none/report"
try "a folder" complains "in place of '$WORK/small': it is not a regular file; name a file" "$WORK/small"
try "a folder that the sandbox makes read-only" complains "Read-only file system; a systemd unit must name its directory in ReadWritePaths=" "$WORK/closed/report"
try "a full disk" complains "cannot write to '$WORK/small/report': No space left on device" "$WORK/small/report"
try "nothing is left there" [ "$(ls -A "$WORK/small")" = all ]
mkdir "$WORK/others" && chown 65534 "$WORK/others"
not_owner() {
	local DOCKFW=$WORK/not-owner
	printf '#!/bin/sh\nexec setpriv --bounding-set -dac_override --inh-caps -dac_override "%s" "$@"\n' "$PROGRAM" >"$DOCKFW"
	chmod +x "$DOCKFW"
	complains "Permission denied; its directory must belong to the user who runs this" "$WORK/others/report"
}
PROGRAM=$DOCKFW
try "a folder of another user" not_owner
umount "$WORK/closed" "$WORK/small"

# ---- where errors go ----

KIND=nft
two_rules
: >"$WORK/err" # systemd names its stream by device and inode
try "for the journal" gives 3 env JOURNAL_STREAM="$(stat -c %d:%i "$WORK/err")" "$DOCKFW" -f "$WORK/nowhere.conf"
try "each line has a priority" grep -qE '^<[3-7]>dockfw-check: ' "$WORK/err"
try "for a stream other than the journal's" gives 3 env JOURNAL_STREAM=1:2 "$DOCKFW" -f "$WORK/nowhere.conf"
try "no line has one" grep -q '^dockfw-check: ' "$WORK/err"
try "a report's file gets the error" dockfw 3 -f "$WORK/nowhere.conf" -o "$WORK/report"
try "the error is there" grep -q "^UNKNOWN: .*nowhere.conf" "$WORK/report"

# ---- what answers for a port ----

clear_tables
hosts_up
load docker-28.5
exposes() { dockfw 0 --exposure "${@:2}" && says "$1"; }
try "no proxy: Docker's rules translate" exposes 'container 172.17.0.2:80 .*answers dnat'
listen=0.0.0.0 port=80
proxy -proto tcp -host-ip 0.0.0.0 -host-port 80 -container-ip 172.17.0.2 -container-port 80
try "docker-proxy as well" exposes 'answers both|answers dnat'
port=8080
proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port 80
try "only docker-proxy" exposes '^0.0.0.0:8080/tcp .*answers (docker-)?proxy'
end "${proxies[@]}"
ipt -A DOCKER -d 172.17.0.2 ! -i docker0 -o docker0 -p sctp --dport 99 -j ACCEPT
ipt -t nat -A DOCKER ! -i docker0 -p sctp --dport 99 -j DNAT --to-destination 172.17.0.2:99
ipt -t nat -A DOCKER -d 198.51.100.10 ! -i docker0 -p udp --dport 53 -j DNAT --to-destination 172.17.0.2:53
ipt -t nat -A DOCKER -d 203.0.113.1 ! -i docker0 -p udp --dport 53 -j DNAT --to-destination 172.17.0.2:53
ipt -t nat -A DOCKER ! -i docker0 -p tcp --dport 8000:8010 -j DNAT --to-destination 172.17.0.2:8000-8010
try "a port of sctp" exposes '^0.0.0.0:99/sctp '
try "one on two addresses" exposes '^(198.51.100.10|203.0.113.1):53/udp'
try "a range" exposes '8000'
try "as json" exposes '"port_end": 8010' --format=json

# The packet determines the family, whatever is configured.
echo 'families = { "ipv6" }' >"$WORK/six.conf"
try "a packet of IPv4 with a configuration for IPv6" gives 0 "$DOCKFW" -b nft -f "$WORK/six.conf" \
	--trace 'from 203.0.113.200 in ens3 tcp 80'
try "its path is the kernel's" says '^verdict: forwarded'
for twice in 'from 203.0.113.200 from 203.0.113.123 in ens3' 'from 203.0.113.200 in ens3 in docker0' \
	'from 203.0.113.200 in ens3 to 198.51.100.10 to 203.0.113.1' 'from 203.0.113.200 in ens3 sport 1 sport 2'; do
	try "a word given twice: $twice" gives 3 "$DOCKFW" -b nft -f "$WORK/six.conf" --trace "$twice tcp 80"
	try "the message says so" grep -q -- "--trace: a second '" "$WORK/err"
done

# --exposure works without any configuration.
rm -rf /etc/dockfw
try "no configuration at all" gives 0 "$DOCKFW" -b nft --exposure
try "the answer is the same" says '^0.0.0.0:99/sctp '
try "but a check needs one" gives 3 "$DOCKFW" -b nft
try "the message says where to get one" grep -q "'dockfw-check --capture' prints one" "$WORK/err"

# ---- many equal findings, and somebody's rules ----

KIND=nft
clear_tables
load docker-28.5
write_conf < <(
	echo 'chain "DOCKER-USER" { rules = {'
	for number in {1..1000}; do echo "\"-s 10.0.$((number / 256)).$((number % 256)) -j DROP\","; done
	echo '} }'
)
many='critical  rule-missing           ipv4: 1000 of 1000 rules are missing from DOCKER-USER: .*10\.0\.0\.3 .* and 997 more$'
at_most() { [ "$(wc -l <"$WORK/out")" -le "$1" ] || { wc "$WORK/out"; return 1; }; }
try "a thousand rules are missing" dockfw 2 -4
try "they are one line" says "^$many"
try "the rules to insert are counted, too" says '^  \+         \(994 rules; -v shows them\)$'
try "the report is short" at_most 40
try "-v shows each" dockfw 2 -4 -v
try "it does" [ "$(grep -c '^critical  rule-missing' "$WORK/out")/$(grep -c '^  + .* -j DROP$' "$WORK/out")" = 1000/1000 ]
try "a plugin" dockfw 2 -4 --format=nagios -v
try "it is short as well" at_most 30
try "json has each" dockfw 2 -4 --format=json
try "it does" [ "$(jq '[.findings[] | select(.id == "rule-missing")] | length' "$WORK/out")" = 1000 ]
try "a repair" dockfw 0 -4 --repair
try "a heading says what the listing shows" says '^What was changed \(- deleted, \+ inserted\), with the numbers from before:$'
ipt -A DOCKER-USER -s 10.1.1.1 -m comment --comment "by hand" -j ACCEPT
ipt -I FORWARD -i ens3 -j ACCEPT
nft insert rule ip filter DOCKER-USER meta length 500-600 counter accept
handle=$(nft -a list chain ip filter DOCKER-USER | sed -n 's/.*meta length .* # handle \([0-9]*\)$/\1/p')
dockfw 2 -4
try "the rule of a finding" says '^critical  accept-before-user .*; rule 1: -i ens3 -j ACCEPT$'
try "one that cannot be decoded has its handle" says "^warning   rule-opaque .*; rule 1: nft handle $handle\$"
dockfw 2 -4 --format=nagios -v
try "a plugin has both" says '^critical accept-before-user .*; rule 1: -i ens3 -j ACCEPT$'
try "the handle, too" says "^warning rule-opaque .*; rule 1: nft handle $handle\$"
dockfw 2 -4 --format=json
try "json has the rule" [ "$(jq -r '.findings[] | select(.id == "accept-before-user") | .text' "$WORK/out")" = '-i ens3 -j ACCEPT' ]
try "and the handle" [ "$(jq -r '.findings[] | select(.id == "rule-opaque") | .handle' "$WORK/out")" = "$handle" ]
dockfw 1 -4 --repair
ipt -A DOCKER-USER -j RETURN
ipt -A DOCKER-USER -s 10.1.1.2 -j DROP
try "a repair that can do nothing" dockfw 1 -4 --repair
try "it says so" says '^WARNING: [23] findings that --repair cannot fix \(nft, ipv4\)$'
finish
