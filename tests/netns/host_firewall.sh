#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# "host-firewall": the host itself is the judge. For random firewalls of the host, and for
# clients of several addresses on two interfaces, a listener of the host on a port gets a
# connection if, and only if, the container that is published on that port does. Where a
# check reports that it cannot decide, the container may stay closed.
# HOST_FIREWALLS is their number of each kind (2), SEED the first one (1), HOST_KINDS the backends.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "$TESTS/hosts.sh"

ports=(80 81 443 8000 8001 8005 9000 53)
firewalls=${HOST_FIREWALLS:-2} seed=${SEED:-1}
total=0 opened=0 cautious=0

listen() { # NAMESPACE PORT…: "" is the host
	local said command=()
	[ -z "$1" ] || command=(ip netns exec "$1")
	exec {said}< <(exec "${command[@]}" python3 "$TESTS/listen.py" "${@:2}" </dev/null)
	read -r -u "$said" && exec {said}<&-
}
second_interface() {
	bridge ens4 192.0.2.1/24 2001:db8:2::1/64 &&
		join inner ens4 192.0.2.77/24 2001:db8:2::77/64 192.0.2.1 2001:db8:2::1
}
addresses() { # NAMESPACE ADDRESS…
	local name=$1 address
	shift
	for address; do ip -n "$name" address add "$address" dev eth0 || return 1; done
}
published() { # ADDRESS: of the container
	local port
	echo "*nat"
	for port in "${ports[@]:1}"; do
		echo "-A DOCKER ! -i docker0 -p tcp --dport $port -j DNAT --to-destination $1:80"
	done
	echo COMMIT
}
# The layouts have the first port.
publish_all() {
	"iptables-$KIND-restore" -n < <(published 172.17.0.2) &&
		"ip6tables-$KIND-restore" -n < <(published '[fd00:17::2]')
}
# Docker's translations, switched on and off with all else as it is.
translate() { # -I or -D
	ipt -t nat "$1" PREROUTING -m addrtype --dst-type LOCAL -j DOCKER &&
		"ip6tables-$KIND" -t nat "$1" PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
}
pairs_of() { # FAMILY SOURCE…: each with every address of the host and every port
	local source host port hosts="198.51.100.10 203.0.113.1"
	[ "$1" = ipv4 ] || hosts="2001:db8:51::10 2001:db8:113::1"
	shift
	for source; do
		for host in $hosts; do
			for port in "${ports[@]}"; do echo "$source $host $port"; done
		done
	done
}
make_pairs() {
	{ pairs_of ipv4 203.0.113.200 203.0.113.123 203.0.113.201 203.0.113.9
	  pairs_of ipv6 2001:db8:113::200 2001:db8:113::123 2001:db8:113::201; } >"$WORK/pairs.outsider"
	{ pairs_of ipv4 192.0.2.77 192.0.2.8
	  pairs_of ipv6 2001:db8:2::77; } >"$WORK/pairs.inner"
}
# Who is answered, as sorted lines in a file.
measure() { # FILE SECONDS
	local name pids=()
	for name in outsider inner; do
		ip netns exec "$name" python3 "$TESTS/pairs.py" "$2" <"$WORK/pairs.$name" >"$WORK/answers.$name" &
		pids+=($!)
	done
	wait "${pids[@]}"
	cat "$WORK/answers.outsider" "$WORK/answers.inner" >"$1"
}
# The ports, with their family, for which a check says that it does not know all sources.
undecided() {
	jq -r '.findings[] | select(.id == "host-firewall-unclear") | .family + " " +
		(.message | split(":")[0])' "$WORK/check.json" | tr -d ,
}
# Compares the two files line by line; prints what must not be.
compare() {
	local source host port was is family wanted file
	wanted=$(cat "$WORK"/pairs.* | wc -l)
	for file in host container; do
		[ "$(wc -l <"$WORK/$file")" = "$wanted" ] && continue
		echo "not every pair was tried" >"$WORK/differs"
		return 1
	done
	undecided >"$WORK/undecided"
	while read -r source host port was _ _ _ is; do
		total=$((total + 1))
		[ "$is" != open ] || opened=$((opened + 1))
		[ "$was" != "$is" ] || continue
		family=ipv4
		[[ $source != *:* ]] || family=ipv6
		if [ "$was" = open ] && is_undecided "$family" "$port"; then
			cautious=$((cautious + 1))
			continue
		fi
		echo "$source to $host port $port: the host's listener is $was, the container $is"
	done < <(paste -d' ' "$WORK/host" "$WORK/container") >"$WORK/differs"
	[ ! -s "$WORK/differs" ]
}
is_undecided() { # FAMILY PORT
	local family words word
	while read -r family words; do
		[ "$family" = "$1" ] || continue
		for word in $words; do
			word=${word%/tcp}
			[ "$2" -lt "${word%-*}" ] || [ "$2" -gt "${word#*-}" ] || return 0
		done
	done <"$WORK/undecided"
	return 1
}
firewall() { # KIND SEED
	case $1 in
	iptables)
		"iptables-$KIND-restore" -n <<<"$(python3 "$TESTS/firewalls.py" ipv4 "$2")" &&
			"ip6tables-$KIND-restore" -n <<<"$(python3 "$TESTS/firewalls.py" ipv6 "$2")" ;;
	nft) python3 "$TESTS/firewalls.py" nft "$2" | nft -f - ;;
	ufw) as_ufw "$2" ;;
	esac
}
# UFW_ROOT is where Debian's package is unpacked, if it is not installed.
ufw_command() {
	[ -n "${UFW_ROOT:-}" ] || { ufw "$@"; return; }
	PYTHONPATH=$WORK/ufw/usr/lib/python3/dist-packages python3 "$WORK/ufw/usr/sbin/ufw" \
		--rootdir="$WORK/ufw" --datadir="$WORK/ufw" "$@"
}
has_ufw() { [ -n "${UFW_ROOT:-}" ] || command -v ufw >/dev/null; }
as_ufw() { # SEED
	local to=/etc/ufw command
	if [ -n "${UFW_ROOT:-}" ]; then
		to=$WORK/ufw/etc/ufw
		rm -rf "$WORK/ufw" && cp -r "$UFW_ROOT" "$WORK/ufw" || return 1
	elif ! mountpoint -q "$to"; then
		mount -t tmpfs tmpfs "$to" && mkdir "$to/applications.d" || return 1
	fi
	cp "${UFW_ROOT:-}"/usr/share/ufw/{ufw.conf,*.init,*.rules} "$to" || return 1
	while read -r command; do
		# shellcheck disable=SC2086 # words
		ufw_command $command || return 1
	done < <(python3 "$TESTS/firewalls.py" ufw "$1")
	ufw_command --force enable
}
# FIREWALLD_ROOT is a root file system with Debian's package, if it is not installed.
has_firewalld() { [ -e "${FIREWALLD_ROOT:-}/usr/sbin/firewalld" ]; }
firewalld_version() {
	sed -n 's/^VERSION = .\([0-9.]*\).*/\1/p' "${FIREWALLD_ROOT:-}/usr/lib/python3/dist-packages/firewall/config/__init__.py"
}
# An empty folder of its configuration, $folder, in $root.
firewalld_folder() {
	root=${FIREWALLD_ROOT:-/}
	folder=${root%/}/etc/firewalld
	if ! mountpoint -q "$folder"; then
		mount -t tmpfs tmpfs "$folder" && mount -t tmpfs tmpfs "${root%/}/var/log" || return 1
		[ "$root" = / ] || mount --rbind /proc "$root/proc" && mount --rbind /dev "$root/dev" || return 1
	fi
	rm -rf "${folder:?}"/* && mkdir "$folder"/{zones,ipsets,policies,services,icmptypes,helpers}
}
start_firewalld() {
	local said
	coproc FIREWALLD { chroot "$root" python3 -c "$(cat "$TESTS/firewalld.py")" 2>"$WORK/firewalld"; }
	while read -r -t 60 -u "${FIREWALLD[0]}" said && [ "$said" != ready ]; do echo "$said"; done
	[ "$said" = ready ] || { cat "$WORK/firewalld"; return 1; }
	! grep -E '^(ERROR|WARNING)' "$WORK/firewalld" | grep -v 'ipset not usable'
}
as_firewalld() { # SEED
	local root folder
	firewalld_folder && python3 "$TESTS/firewalls.py" firewalld "$1" "$folder" "$(firewalld_version)" &&
		start_firewalld
}
# firewalld_of SETTING ZONE: with that line, and these elements in the zone of ens3.
firewalld_of() {
	local root folder
	no_firewalld
	clear_tables
	firewalld_folder || return 1
	printf '%s\n' DefaultZone=public FirewallBackend=nftables "$1" >"$folder/firewalld.conf"
	echo "<zone target=\"default\"><short>public</short><interface name=\"ens3\"/>$2</zone>" >"$folder/zones/public.xml"
	echo '<zone target="ACCEPT"><short>docker</short><interface name="docker0"/></zone>' >"$folder/zones/docker.xml"
	start_firewalld && load docker-26 && load docker-26.ipv6 ip6tables
}
no_firewalld() {
	local pid=${FIREWALLD_PID:-}
	[ -n "$pid" ] || return 0
	eval "exec ${FIREWALLD[1]}>&-"
	wait "$pid"
	return 0
}
judged() { # KIND SEED
	no_firewalld
	clear_tables
	# firewalld comes first: up to 1.3, it clears the tables of iptables when it starts.
	[ "$1" != firewalld ] || as_firewalld "$2" || return 1
	load docker-26 && load docker-26.ipv6 ip6tables && publish_all || return 1
	firewall "$@" || return 1
	translate -D && measure "$WORK/host" 0.7 && translate -I || return 1
	dockfw "$(repaired)" --repair || return 1 # the second one has nothing to do
	"$DOCKFW" -f "$CONF" -b "$KIND" --check --format=json >"$WORK/check.json"
	measure "$WORK/container" 0.7
	compare && return
	# A machine that is busy may have been too slow.
	measure "$WORK/container" 6
	translate -D && measure "$WORK/host" 6 && translate -I
	compare && return
	cat "$WORK/differs" && tables && nft list ruleset
	return 1
}
# A repair ends with 1 where something is undecided.
repaired() { "$DOCKFW" -f "$CONF" -b "$KIND" --repair >/dev/null 2>&1; echo $?; }

again() {
	nft list table ip dockfw >"$WORK/listed" && nft delete table ip dockfw && nft -f "$WORK/listed" &&
		finds 0 ''
}
refuses_off() {
	write_conf <<<$'unlisted = "host-firewall"\nguard = "off"'
	gives 3 "$DOCKFW" -f "$CONF" --check-config && grep -q 'guard = "off" cannot stand beside "host-firewall"' "$WORK/err"
}
hosts_up && second_interface || exit 1
addresses outsider 203.0.113.201/24 203.0.113.123/24 203.0.113.9/24 \
	2001:db8:113::201/64 2001:db8:113::123/64 || exit 1
addresses inner 192.0.2.8/24 || exit 1
ip netns delete allowed
ipset create some-ipv4 hash:net && ipset add some-ipv4 203.0.113.200/31 && ipset add some-ipv4 192.0.2.8
ipset create some-ipv6 hash:net family inet6 && ipset add some-ipv6 2001:db8:113::123
listen "" "${ports[@]}"
make_pairs
for KIND in ${HOST_KINDS:-nft legacy}; do
	write_conf <<-'END'
	outside = { "ens3", "ens4" }
	unlisted = "host-firewall"
	END
	for ((i = seed; i < seed + firewalls; i++)); do
		try "$KIND iptables $i: the host and the container agree" judged iptables "$i"
		[ "$KIND" = nft ] || continue
		try "nft $i: the host and the container agree" judged nft "$i"
		! has_ufw || try "ufw $i: the host and the container agree" judged ufw "$i"
		! has_firewalld || try "firewalld $i: the host and the container agree" judged firewalld "$i"
	done
done

# What firewalld itself does with forwarded ports: an exposure says what the kernel does.
reached() { ip netns exec outsider python3 "$TESTS/pairs.py" 1 <<<"203.0.113.200 198.51.100.10 $1" | grep -q open; }
kept_out() { ! reached "$1"; }
exposed() { # PORT WHOM
	dockfw 0 --exposure -4 || return 1
	grep -E "^0\\.0\\.0\\.0:$1/tcp .* open to $2" "$WORK/out" && return
	cat "$WORK/out"
	return 1
}
traced() { # PORT VERDICT: of a packet to a service of the host
	dockfw 0 --trace from 203.0.113.200 in ens3 tcp "$1" || return 1
	sed '1,/^To a service of the host/d' "$WORK/out" | grep "^verdict: $2" || { cat "$WORK/out"; return 1; }
}
KIND=nft
if has_firewalld; then
	to='<forward-port port="8888" protocol="tcp" to-port="80" to-addr="172.17.0.2"/>'
	write_conf <<<'outside = { "ens3" }'
	try "a forward-port of firewalld" firewalld_of '' "$to<masquerade/>"
	try "it is reached" reached 8888
	try "an exposure has it" exposed 8888 ANYONE
	write_conf <<<$'outside = { "ens3" }\nunlisted = "refuse"'
	dockfw 0 --repair
	try "unlisted ports are refused: so is it" kept_out 8888
	try "an exposure says so" exposed 8888 'nobody by filter DOCKER-USER'
fi
if has_firewalld && [ "$(printf '%s\n' 2.3 "$(firewalld_version)" | sort -V | head -n 1)" = 2.3 ]; then
	write_conf <<<$'outside = { "ens3" }\nunlisted = "host-firewall"'
	try "StrictForwardPorts" firewalld_of StrictForwardPorts=yes '<port port="80" protocol="tcp"/>'
	dockfw "$(repaired)" --repair
	try "firewalld refuses Docker's port" kept_out 80
	try "an exposure says so, and by what" exposed 80 'nobody by inet firewalld filter_FORWARD_dnat'
fi
no_firewalld

# What a check says, and a watch does, when the host's firewall changes.
. "$TESTS/watching.sh"
KIND=nft
says() { jq -e --arg text "$2" 'any(.findings[]; .id == "'"$1"'" and (.message | contains($text)))' "$WORK/out"; }
clear_tables
for command in iptables-legacy ip6tables-legacy; do "$command" -P INPUT ACCEPT; done
load docker-26 && load docker-26.ipv6 ip6tables
ipt -P INPUT DROP && "ip6tables-$KIND" -P INPUT DROP
ipt -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
write_conf <<-'END'
outside = { "ens3", "ens4" }
unlisted = "host-firewall"
publish "443/tcp" { allow = { "203.0.113.200", "host-firewall" } }
END
try "without the guard it is critical" finds 2 'critical rule-missing,critical guard-missing'
try "a repair" dockfw 0 --repair
try "closed, as the host" kept_out 80
# DOCKER-USER lets all of that in: only the guard refuses it.
lost_words='what only the guard holds cannot be captured: .* refusing rules\? of its chain .forward.'
captures() { # STATUS [OPTION…]
	gives "$1" "$DOCKFW" -f "$CONF" -b "$KIND" --capture "${@:2}" && grep -q "ipv4: $lost_words" "$WORK/err" &&
		grep -q "last good configuration, which may have it, is '/var/lib/dockfw/" "$WORK/err" && return
	cat "$WORK/err"
	return 1
}
mv "$CONF" "$CONF.kept"
try "a lost configuration: a capture says what it lacks" captures 1
try "… and takes its place only with --force" captures 3 -o "$CONF"
try "… there is none" [ ! -e "$CONF" ]
try "… a check names the last good one" finds 2 'critical configuration-broken'
try "… before a capture" grep -q "the last good one is '/var/lib/dockfw/.*': copy it back" "$WORK/err"
try "… by force" captures 1 --force -o "$CONF"
touch -d '1 minute ago' "$CONF"
rm -rf /var/lib/dockfw
dockfw 0 --repair
try "… and that opens it" reached 80
mv "$CONF.kept" "$CONF"
dockfw 0 --repair
try "closed again" kept_out 80
ipt -A INPUT -i ens3 -s 203.0.113.0/24 -p tcp --dport 80 -j ACCEPT
try "opened there: guard-differs" finds 1 'warning guard-differs'
try "it names port, interface and sources" \
	says guard-differs '80/tcp on ens3: the guard refuses 203.0.113.0/24, whom the host'
nft delete rule ip dockfw forward handle "$(nft -a list chain ip dockfw forward | sed -n 's/.* reject .*# handle //p' | tail -n 1)"
try "that the guard lacks a refusal beside it is critical" finds 2 'critical guard-differs'
try "and a repair opens it" dockfw 0 --repair
try "open" reached 80
try "what nft has listed is the same again" again
publish_all
try "a port that nobody has looked at is closed" kept_out 81
try "beside an address that is allowed" reached 443
ipt -R INPUT 2 -i ens3 -p tcp --dport 80 -m limit --limit 1/hour -j ACCEPT
try "a limit is a warning" dockfw 1 --check --format=json
try "it is not understood" says host-firewall-unclear '80/tcp: whom the host'
try "and perhaps too many are let in" \
	says guard-differs '80/tcp on ens3: the guard lets in 203.0.113.0/24; whether the host'
dockfw 1 --repair
try "closed with a limit" kept_out 80
# The host answers, and connects itself: no packet that comes to the guard is one of a new connection.
unanswered() { ! ask outsider 198.51.100.10; }
ipt -t raw -A PREROUTING -i ens3 -p tcp --dport 80 --syn -j CT --notrack
ipt -I INPUT -i ens3 -p tcp --dport 80 -s 203.0.113.200 -m conntrack --ctstate INVALID,UNTRACKED \
	-j SYNPROXY --sack-perm --timestamp --wscale 7 --mss 1460
ipt -R INPUT 3 -i ens3 -s 203.0.113.201 -p tcp --dport 80 -j ACCEPT
sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0
nft delete table ip dockfw
try "a SYNPROXY lets in whom INPUT drops" ask outsider 198.51.100.10
dockfw 1 --repair
try "the guard closes it" unanswered
dockfw 1 --check --format=json
try "and a check says why" says host-firewall-unclear '80/tcp: whom the host'
try "… by which rule" says host-firewall-unclear 'rule 1 of the chain INPUT (table filter)'
sysctl -qw net.netfilter.nf_conntrack_tcp_loose=1
ipt -t raw -F PREROUTING && ipt -D INPUT 1
ipt -R INPUT 2 -p tcp --dport 80 -j ACCEPT
reached_by() { ip netns exec outsider python3 "$TESTS/pairs.py" 1 <<<"$1 198.51.100.10 80" | grep -q open; }
iptables-legacy -A INPUT -m set --match-set some-ipv4 src -j DROP
try "a set of the other backend is understood" dockfw 0 --repair
try "… its members are closed out" kept_out 80
try "… and nobody else" reached_by 203.0.113.9
iptables-legacy -F INPUT
# A mark that is set before Docker's translation, for some of the host's addresses.
reached_at() { ip netns exec outsider python3 "$TESTS/pairs.py" 1 <<<"203.0.113.200 $1 80" | grep -q open; }
kept_out_at() { ! reached_at "$1"; }
ipt -t mangle -A PREROUTING -d 203.0.113.1 -j MARK --set-mark 0x20
ipt -I INPUT -m mark --mark 0x20 -j DROP
try "a mark by the address leaves no doubt" dockfw 0 --repair
try "… open at the other address" reached_at 198.51.100.10
try "… and closed there" kept_out_at 203.0.113.1
ipt -t mangle -R PREROUTING 1 -m length --length 100:200 -j MARK --set-mark 0x20
dockfw 1 --repair
try "a mark by the length closes it" kept_out 80
dockfw 1 --check --format=json
try "and a check says by which rule" says host-firewall-unclear 'rule 1 of the chain PREROUTING (table mangle)'
ipt -t mangle -F PREROUTING && ipt -D INPUT 1
dockfw 0 --repair
try "the watch starts" watch
try "it has opened the port" until_true reached 80
ipt -R INPUT 2 -p tcp --dport 80 -j DROP
try "and closes it" until_true kept_out 80
try "an event says which" event '.findings[]? | .message | contains("80/tcp on ens3: the guard lets in everyone")'
nft -f - <<-'END'
	table inet fence {
		set closed { type inet_service; elements = { 80 }; }
		chain in { type filter hook input priority 0; tcp dport @closed drop; }
	}
END
ipt -R INPUT 2 -p tcp --dport 80 -j ACCEPT
sleep 0.5
try "a table of nft counts" kept_out 80
nft delete element inet fence closed '{ 80 }'
try "and what is in its sets" until_true reached 80
try "it ends" stop
# Netfilter translates what comes in on a port of a bridge before the bridge's own device sees it,
# so what drops there by the port drops for a listener of the host only.
nft -f - <<-'END'
	table netdev fence {
		chain in { type filter hook ingress device "ens3" priority 0; tcp dport 81 drop; }
	}
END
ipt -A INPUT -p tcp --dport 81 -j ACCEPT
dockfw "$(repaired)" --repair
try "closed at the ingress of a bridge" kept_out 81
try "the others stay open" reached 80
dockfw "$(repaired)" --format=json
[ "$(cat /proc/sys/net/bridge/bridge-nf-call-iptables 2>/dev/null)" != 1 ] ||
	try "it names the port" says host-firewall-unclear '81/tcp: whom the host'
try "and a trace to the host is undecided" traced 81 maybe
try "an exposure still has it closed" exposed 81 nobody
nft flush chain netdev fence in && nft add rule netdev fence in ip saddr 203.0.113.200 drop
try "a ban there leaves no doubt" dockfw 0 --repair
try "it holds for both" kept_out 81
nft delete table netdev fence
dockfw 0 --repair
try "open without that" reached 81
ipt -F INPUT && ipt -P INPUT ACCEPT && "ip6tables-$KIND" -P INPUT ACCEPT && nft delete table inet fence
dockfw 1 --repair --format=json
try "without a firewall of the host it says so" finds 1 'warning host-firewall-absent'
try "and the port is open" reached 80
echo 'on-error = "close"' >>"$CONF"
dockfw 1 --repair
try "on-error = \"close\" closes it" kept_out 80
# What refuses no packet, and what dockerd drops of an encrypted overlay network.
both() { "iptables-$KIND" "$@" && "ip6tables-$KIND" "$@"; }
overlay=(INPUT -p udp --dport 4789)
both -N LIBVIRT_INP && both -A LIBVIRT_INP -i virbr0 -p udp --dport 53 -j ACCEPT && both -A INPUT -j LIBVIRT_INP
both -N empty && both -A INPUT -j empty && both -A INPUT -j LOG
ipt -A "${overlay[@]}" -m u32 --u32 '0x0>>0x16&0x3c@0xc&0xffffff00=0x100000' -j DROP 2>/dev/null ||
	ipt -A "${overlay[@]}" -j DROP
"ip6tables-$KIND" -A "${overlay[@]}" -j DROP
both -A INPUT -j ACCEPT && both -A INPUT -p tcp --dport 80 -j DROP # to which nothing comes
nft -f - <<-'END'
	table inet helper {
		chain in { type filter hook input priority 0; iifname "virbr0" accept; jump more; }
		chain more { counter; }
	}
END
dockfw 1 --repair
try "a rule of INPUT that refuses nothing is no firewall" finds 1 'warning host-firewall-absent'
try "on-error = \"close\" still closes it" kept_out 80
nft add rule inet helper more tcp dport 22 drop
dockfw 0 --repair
try "one that refuses is" finds 0 ''
try "the port is open again" reached 80
nft delete table inet helper
both -I INPUT -j empty && both -A empty -p tcp --dport 22 -j REJECT
dockfw 0 --repair
try "also in a chain of iptables" reached 80
both -F empty && both -A empty -p tcp --dport 22 -j NFQUEUE
dockfw 0 --repair
try "or one that may refuse" reached 80
both -F INPUT
dockfw 1 --repair
try "closed without it" kept_out 80
legacy() { iptables-legacy "$@" && ip6tables-legacy "$@"; }
legacy -A "${overlay[@]}" -j DROP
dockfw 1 --repair
try "nor is one of the other backend that refuses nothing" finds 1 'warning host-firewall-absent'
legacy -A INPUT -p tcp --dport 22 -j DROP
dockfw 0 --repair
try "one of the other backend that refuses is" finds 0 ''
try "the port is open by it" reached 80
legacy -F INPUT && legacy -N fence && legacy -A INPUT -j fence && legacy -A fence -p tcp --dport 22 -j REJECT
dockfw 0 --repair
try "also in a chain of it" reached 80
legacy -F && legacy -X
dockfw 1 --repair
try "closed again without it" kept_out 80
try "guard = \"off\" is refused" refuses_off

echo "# $total pairs, $opened of them open; $cautious closed although the host opens, as reported"
finish
