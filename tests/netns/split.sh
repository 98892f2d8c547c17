#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Rules of the backend that Docker does not use: which of them decide on packets of
# containers, whose they are, and what the commands of the message remove.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/dockerd.sh
. "${0%/*}/../dockerd.sh"
# shellcheck source=tests/watching.sh
. "${0%/*}/../watching.sh"
GUARD=off # the guard has a suite of its own

other() { iptables-"$OTHER" "$@"; }
# split SEVERITY PATTERN: reported with that severity, and with that reason.
split() {
	local status=1
	[ "$1" = warning ] || status=2
	finds "$status" "$1 backend-split" || return 1
	jq -e --arg part "$2" 'any(.findings[]; .message | contains($part))' "$WORK/out" || { cat "$WORK/out"; return 1; }
}
# cleared: the commands of the message leave nothing to find.
cleared() {
	local message reset='reset the policy, if Docker set it, with: ' delete='delete what Docker left there with: '
	message=$(jq -r '.findings[] | select(.id == "backend-split") | .message' "$WORK/out")
	echo "$message"
	[[ $message != *"$reset"* ]] || eval "$(sed "s/.*$reset//; s/;.*//" <<<"$message")" || return 1
	[[ $message != *"$delete"* ]] || eval "${message##*"$delete"}" || return 1
	finds 0 ''
}
# The message has no command that empties a chain of iptables' own.
harmless() { ! grep -qE -- "-F (FORWARD|INPUT|OUTPUT)|-F[;\"]" "$WORK/out"; }
forward() { other -S FORWARD; }

# splits_by SEVERITY PATTERN RULE…: reported so if the other backend's FORWARD has these rules.
splits_by() {
	local severity=$1 pattern=$2 rule
	shift 2
	for rule; do
		# shellcheck disable=SC2086 # words
		other -A FORWARD $rule || return 1
	done
	split "$severity" "$pattern" && harmless
	local status=$?
	other -F FORWARD
	return "$status"
}

repaired() {
	dockfw 1 --repair --format=json &&
		jq -e 'all(.findings[]; .id != "backend-split" or .severity == "warning")' "$WORK/out" && split warning 'refuse no packet'
}

# Which rules of the other backend decide on packets of containers.
decide() {
	for rule in '-j DROP' '-j REJECT' '-j NFQUEUE' '-i wan0 -j DROP' '-o docker0 -p tcp -j REJECT' \
		'! -s 192.0.2.0/24 -j DROP' '-s 128.0.0.0/1 -j DROP' '-d 172.17.0.2 -j DROP' \
		'-m conntrack --ctstate NEW,INVALID -j DROP'; do
		try "$what: $rule decides" splits_by critical 'rule 1 of FORWARD there refuses packets' "$rule"
	done
	for rule in '-s 192.0.2.1 -j DROP' '-s 192.0.2.0/24 -j REJECT' '-m recent --name bad --rcheck -j DROP' \
		'-m connlimit --connlimit-above 20 -j REJECT' '-d 192.0.2.1 -j DROP' \
		'-m iprange --src-range 192.0.2.1-192.0.2.9 -j DROP'; do
		try "$what: $rule is for some clients" splits_by warning 'refuses some clients' "$rule"
	done
	for rule in '-j ACCEPT' '-i lxcbr0 -j REJECT' '-o lxcbr0 -j DROP' '-i ens4 -o ens5 -j DROP' \
		'-m conntrack --ctstate INVALID -j DROP' '-j LOG'; do
		try "$what: $rule is not for containers" splits_by warning 'refuse no packet of a container' "$rule"
	done
	if ipset create bad hash:ip 2>/dev/null; then
		try "$what: a set of clients" splits_by warning 'refuses some clients' '-m set --match-set bad src -j DROP'
		try "$what: all but a set" splits_by critical 'rule 1 of' '-m set ! --match-set bad src -j DROP'
	fi
	try "$what: a ban of an IPv6 network beside a host route" bans_ipv6 warning 2001:db8:dead::/64 'refuses some clients'
	try "$what: one of Docker's own IPv6 network decides" bans_ipv6 critical fd00:17::/64 'rule 1 of FORWARD'
	try "$what: a bridge with a way out decides" splits_by critical 'rule 1 of' '-i lan0 -j DROP'
	try "$what: what is accepted before does not come to a drop" splits_by warning 'refuse no packet' \
		'-i docker0 -j ACCEPT' '-o docker+ -j ACCEPT' '-j REJECT'
	try "$what: half of it does" splits_by critical 'rule 2 of' '-i docker0 -j ACCEPT' '-j REJECT'
}

# docker0 has an IPv6 address, and with it a route to that one host.
bans_ipv6() {
	local status=1
	sed -i 's/^families.*/families = { "ipv4", "ipv6" }/' "$CONF" &&
		"ip6tables-$KIND-restore" <"$LAYOUTS/docker-28.5.ipv6.rules" &&
		ip -6 addr add fd00:17::1/64 dev docker0 nodad && ip -6 route show table local dev docker0 | grep fd00:17::1 &&
		ip6tables-"$OTHER" -A FORWARD -s "$2" -j DROP && dockfw 2 --format=json &&
		jq -e --arg severity "$1" --arg part "$3" 'any(.findings[]; .id == "backend-split" and
			.severity == $severity and (.message | contains($part)))' "$WORK/out"
	status=$?
	cat "$WORK/out"
	ip6tables-"$OTHER" -F FORWARD && ip -6 addr del fd00:17::1/64 dev docker0
	"ip6tables-$KIND" -F && "ip6tables-$KIND" -X
	sed -i 's/^families.*/families = { "ipv4" }/' "$CONF"
	return "$status"
}

splits() {
	local what="$KIND, with rules in $OTHER" rule

	right
	other -P FORWARD ACCEPT
	try "$what: no rules" finds 0 ''
	other -A INPUT -s 192.0.2.1 -j DROP
	try "$what: a rule of INPUT" finds 0 ''
	other -P FORWARD DROP
	try "$what: a policy" split critical 'policy DROP'
	try "$what: the command of the message resets it" cleared
	[ "$KIND" = legacy ] || decide
	other -A FORWARD -i lxcbr0 -j DROP
	ipt -F DOCKER-USER
	try "$what: a repair, which reads them with the tables open" repaired
	other -F FORWARD
	other -N THEIRS
	other -A FORWARD -j THEIRS
	try "$what: a jump to an empty chain" split warning 'has rules'
	other -A THEIRS -g DEEPER 2>/dev/null || { other -N DEEPER && other -A THEIRS -g DEEPER; }
	other -A DEEPER -j LOG
	try "$what: to one that logs" split warning 'has rules'
	other -A DEEPER -s 192.0.2.1 -j DROP
	try "$what: to one that bans" split warning 'refuses some clients'
	other -A DEEPER -j DROP
	try "$what: to one that drops, two jumps deep" split critical 'rule 1 of'
	other -F FORWARD
	other -A FORWARD -o lxcbr0 -j THEIRS
	try "$what: the jump's condition counts" split warning 'refuse no packet'
	other -F && other -X
	other -N LIBVIRT_FWI && other -A LIBVIRT_FWI -o virbr0 -j REJECT
	other -N f2b-web && other -A f2b-web -s 192.0.2.1 -j REJECT
	other -N ufw-x
	try "$what: the message names the programs" splits_by warning \
		'rules of others there stay: libvirt (2 rules), fail2ban (1 rule), another program or the administrator (1 rule)' \
		'-j LIBVIRT_FWI' '-j f2b-web' '-o virbr0 -j ACCEPT' '-i wg0 -j ACCEPT'
	other -P FORWARD DROP
	try "$what: it does not reset a policy beside their rules" splits_by critical \
		'whoever set the policy must accept packets to and from containers there' '-j ufw-x'
	other -P FORWARD ACCEPT
	other -F && other -X
	other -N DOCKER
	try "$what: Docker's chains" split warning 'are left there'
	try "$what: the commands clear them" cleared
	left docker-26 docker-28.5 docker-27-swarm docker-29 docker-17.06 ${sets:+docker-28.0.0}
	other -N DOCKER-USER
	try "$what: DOCKER-USER" split warning 'are left there'
	sed -i '1i ignore = { "backend-split" }' "$CONF"
	try "$what: an ignored finding is not reported" finds 0 ''
	other -X
}
# What the commands leave when Docker and others have left rules there.
theirs_stay() {
	forward >"$WORK/forward"
	other -S LIBVIRT_FWO && other -S f2b-web && diff "$WORK/forward" - <<-END
	-P FORWARD DROP
	-A FORWARD -j LIBVIRT_FWO
	-A FORWARD -i wg0 -o wg0 -j ACCEPT
	-A FORWARD -s 192.0.2.7/32 -i docker0 -j ACCEPT
	END
}
# left LAYOUT…: of what Docker leaves, the commands remove everything, and nothing else.
left() {
	local layout
	for layout; do
		KIND=$OTHER load "$layout"
		try "$what: all of Docker's rules, $layout" split critical 'FORWARD there'
		try "$what: the commands clear them as well, $layout" cleared
		other -P FORWARD ACCEPT
	done
	KIND=$OTHER load docker-26
	other -P FORWARD DROP
	other -N LIBVIRT_FWO && other -A LIBVIRT_FWO -i virbr0 -j REJECT && other -I FORWARD -j LIBVIRT_FWO
	other -N f2b-web && other -A f2b-web -s 192.0.2.1 -j DROP && other -I DOCKER-USER -j f2b-web
	other -A FORWARD -i wg0 -o wg0 -j ACCEPT
	other -A FORWARD -s 192.0.2.7 -i docker0 -j ACCEPT
	try "$what: with rules of others among them" split critical 'DOCKER-USER there holds 1 rule,'
	try "$what: before the commands, it is said what the policy does without them" split critical \
		"first: FORWARD there has policy DROP, and without the rules that Docker left, it cuts off all containers"
	try "$what: it comes before them" sentence_first
	try "$what: no command empties FORWARD" harmless
	try "$what: the commands leave DOCKER-USER" cleared_but_user
	try "$what: without a rule of others it goes" cleared_but_others
	try "$what: and the others' rules stay" theirs_stay
	other -P FORWARD ACCEPT
	other -F && other -X
}
sentence_first() { jq -e 'any(.findings[]; .message | test("must accept packets.*cuts off.*delete what Docker left there with"))' "$WORK/out"; }
delete_left() { eval "$(jq -r '.findings[] | select(.id == "backend-split") | .message | sub(".*delete what Docker left there with: "; "")' "$WORK/out")"; }
cleared_but_user() {
	delete_left
	forward | grep -qx -- '-A FORWARD -j DOCKER-USER' && ! forward | grep -q 'DOCKER$' &&
		split critical 'DOCKER-USER there holds 1 rule,'
}
cleared_but_others() {
	other -D DOCKER-USER -j f2b-web && split critical 'delete what Docker left there' && delete_left &&
		! other -S DOCKER-USER 2>/dev/null && split critical 'FORWARD there has policy DROP'
}
ip link add docker0 type bridge && ip link add lxcbr0 type bridge && ip link add lan0 type bridge &&
	ip link add tap0 type veth peer name tap1 && ip link set tap0 master lxcbr0 &&
	ip link add lan1 type ifb && ip link set lan1 master lan0 && ip link add virbr0 type bridge &&
	if ! ip link add wan0 type ifb || ! ip addr add 172.17.0.1/16 dev docker0 || ! ip link set docker0 up; then
		not_ok "interfaces"
	fi
# The layout of 28.0.0 has its bridges in a set.
sets=
! ipset create docker-ext-bridges-v4 hash:net 2>/dev/null || sets=1
# A backend is set that Docker does not use: nothing is gone, and nothing is restarted for it.
elsewhere() {
	local what="$KIND, with Docker in $OTHER"
	clear_tables
	write_conf <<-END
		families = { "ipv4" }
		docker-recovery = "restart"
		chain "DOCKER-USER" { rules = { "-s 192.0.2.1 -j DROP" } }
	END
	KIND=$OTHER load docker-26
	try "$what: without dockerd" finds 2 'critical backend-split,unknown docker-absent'
	dockerd
	try "$what: a repair cannot help, nor does it restart Docker" dockfw 2 --repair
	try "$what: nothing is lost" split critical "Docker's chains are in $OTHER, but the backend is set to $KIND"
	try "$what: exposure does not claim that either" not_lost
	end "$dockerd"
	clear_tables
}
not_lost() { dockfw 2 --exposure --fail-if-open; ! grep -q 'dockerd runs without' "$WORK/err"; }
KIND=nft OTHER=legacy
splits
elsewhere
KIND=legacy OTHER=nft
splits
elsewhere
# Without a backend that is set, a leftover in the other one does not hide that Docker has lost
# its chains.
clear_tables
KIND=nft load docker-26
iptables-legacy -N DOCKER && iptables-legacy -A FORWARD -o docker0 -j DOCKER
write_conf <<-'END'
	families = { "ipv4" }
	docker-recovery = "none"
	ignore = { "backend-split" }
	chain "DOCKER-USER" { rules = { "-s 192.0.2.1 -j DROP" } }
END
dockerd
KIND=auto dockfw 0 --repair
KIND=auto
try "a leftover: a watch" watch
for table in filter nat; do iptables-nft -t $table -F && iptables-nft -t $table -X; done
try "a leftover: what is lost is reported" event '.findings // [] | any(.id == "docker-chains-missing")'
try "a leftover: the watch ends" stop
end "$dockerd"
clear_tables
KIND=legacy
right
other -P FORWARD ACCEPT
nft add rule ip filter FORWARD meta hour 8 accept
try "an accept of the other backend that cannot be decoded" split warning 'refuse no packet'
nft add rule ip filter FORWARD meta hour 8 drop
try "a drop that cannot be decoded may refuse" split warning 'rule 2 of FORWARD there may refuse packets'
finish
