#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Rules that nft wrote into iptables' own tables: a walk reads them as those of any other table.
# What --exposure and --trace report is what real clients find.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "${0%/*}/../hosts.sh"

KIND=nft
hosts_up
ip link add ens4 type veth peer name e4 && ip link set e4 up && ip link set ens4 up
far='from 203.0.113.200 in ens3'
show() { cat "$WORK/out" "$WORK/err"; return 1; }
# exposes STATUS PATTERN: --exposure --fail-if-open exits with STATUS and has such a line.
exposes() {
	dockfw "$1" --exposure --fail-if-open && grep -qE -- "$2" "$WORK/out" && return
	show
}
hides() { ! grep -E -- "$1" "$WORK/out"; }
# ends PATTERN PACKET…: the verdict of the trace matches the pattern.
ends() {
	local pattern=$1
	shift
	dockfw 0 --trace "$*" && grep -qE "^verdict: $pattern" "$WORK/out" && return
	show
}
# One port, which only one client may reach; direct: nobody may.
fresh() {
	nft flush ruleset
	load docker-28.5 && load docker-28.5.ipv6 ip6tables
	write_conf <<-'END'
		outside = { "ens3" }
		unlisted = "refuse"
		direct = "refuse"
		publish "80/tcp" { allow = { "203.0.113.123" } }
	END
	dockfw 0 --repair
}

# ---- destinations ----

fresh
try "a closed host" exposes 0 '^0.0.0.0:80/tcp .*open to 203.0.113.123'
try "a rule of nft for nobody here" nft 'add rule ip nat PREROUTING iifname "wg9" tcp dport 25 dnat to 10.8.0.2
	add rule ip6 nat PREROUTING iifname "wg9" tcp dport 25 dnat to fd00::25'
try "… leaves every verdict as it was" exposes 0 '^0.0.0.0:80/tcp .*open to 203.0.113.123'
try "… also of containers' own addresses" ends 'refused by filter DOCKER-USER' "$far" to 172.17.0.2 tcp 80
try "… and a check finds nothing" finds 0 ''
sed -i /unlisted/d "$CONF" && dockfw 0 --repair
try "a port that nft publishes" nft add rule ip nat PREROUTING iifname ens3 tcp dport 9000 dnat to 172.17.0.2:80
try "… is open" reaches outsider 198.51.100.10 9000
try "… and listed" exposes 2 '^0.0.0.0:9000/tcp container 172.17.0.2:80 .*open to ANYONE by filter DOCKER 1: '
try "… a trace follows it" ends 'forwarded .* to 172.17.0.2 port 80 out through docker0' "$far" tcp 9000
try "… and shows the rule" grep -qF 'iifname "ens3" tcp dport 9000 dnat to 172.17.0.2:80' "$WORK/out"
try "… to nobody else" ends 'local' from 192.0.2.7 in ens4 to 198.51.100.10 tcp 9000

# Jumps, in both kinds of rules.
fresh
sed -i /unlisted/d "$CONF" && dockfw 0 --repair
nft 'add chain ip nat mine
	add rule ip nat PREROUTING ip daddr 198.51.100.10 tcp dport { 9001, 9003 } jump mine
	add rule ip nat mine tcp dport 9001 dnat to 172.17.0.2:80'
iptables-nft -t nat -A mine -p tcp --dport 9003 -j DNAT --to-destination 172.17.0.2:80
try "in a chain that nft jumps to" reaches outsider 198.51.100.10 9001
try "… a rule of nft" exposes 2 '^198.51.100.10:9001/tcp container 172.17.0.2:80 .*open to ANYONE'
try "… and one of iptables" exposes 2 '^198.51.100.10:9003/tcp container 172.17.0.2:80 .*open to ANYONE'
try "… is open" reaches outsider 198.51.100.10 9003
nft 'add map ip nat ports { type inet_service : ipv4_addr . inet_service; }
	add element ip nat ports { 9005 : 172.17.0.2 . 80 }
	insert rule ip nat PREROUTING dnat to tcp dport map @ports'
try "a map" reaches outsider 198.51.100.10 9005
try "… is read" exposes 2 '^0.0.0.0:9005/tcp container 172.17.0.2:80 .*open to ANYONE'
try "… to its end" hides '^0.0.0.0:9000/tcp|maybe'

# ---- the host's own firewall ----

fresh
write_conf <<-'END'
	outside = { "ens3" }
	unlisted = "host-firewall"
	direct = "refuse"
END
for command in iptables-nft ip6tables-nft; do
	$command -A INPUT -i lo -j ACCEPT && $command -P INPUT DROP &&
		$command -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
done
ipt -A INPUT -i ens3 -p tcp --dport 80 -s 203.0.113.123 -j ACCEPT
try "host-firewall: an opening" dockfw 0 --repair
nft 'insert rule ip nat PREROUTING iifname "wg9" tcp dport 25 dnat to 10.8.0.2'
try "… and a rule of nft about another port" finds 0 ''
try "… a repair changes nothing" silent dockfw 0 --repair
try "… whom it lets in" reaches allowed 198.51.100.10
nft 'insert rule ip filter INPUT iifname "ens3" tcp dport 80 ip saddr 203.0.113.200 ct state new accept'
try "an opening that nft wrote" dockfw 0 --repair
try "… lets in" reaches outsider 198.51.100.10

# What is not decided is not a firewall that refuses: the guard is only too open, perhaps.
ipt -I INPUT -i ens3 -p tcp --dport 80 -s 203.0.113.123 -m limit --limit 1/second -j DROP
try "host-firewall: not decided" finds 1 'warning guard-differs,warning host-firewall-unclear'
try "… which a check says" grep -qF \
	"the guard lets in 203.0.113.123; whether the host's own firewall does is not known" "$WORK/out"
ipt -R INPUT 1 -i ens3 -p tcp --dport 80 -s 203.0.113.123 -j DROP
try "… and a rule that refuses" finds 2 'critical guard-differs'
try "… is one" grep -qF "the guard lets in 203.0.113.123, whom the host's own firewall refuses" "$WORK/out"

# ---- what cannot be read ----

fresh
nft 'add map ip nat ports { type inet_service : ipv4_addr; flags dynamic, timeout; }
	add rule ip nat PREROUTING iifname "ens4" dnat to tcp dport map @ports'
try "a map that may change: a warning" exposes 1 '^0.0.0.0:80/tcp '
unread="IPv4: rule 2 of PREROUTING in the table 'nat' may publish ports that are not listed: where it leads cannot be read"
try "… names the rule" grep -qF "$unread" "$WORK/err"
try "… to the plugin as well" dockfw 1 --exposure --fail-if-open --format=nagios
try "… on its line" grep -qF "DOCKFW WARNING - IPv4: rule 2 of PREROUTING in the table 'nat'" "$WORK/out"
try "… and as JSON" dockfw 0 --exposure --format=json
try "… in unknown" test "$(jq -r '.unknown[0]' "$WORK/out")" = "$unread"
nft flush chain ip nat PREROUTING
nft 'add table inet own
	add map inet own ports { type inet_service : ipv4_addr; flags dynamic, timeout; }
	add chain inet own pre { type nat hook prerouting priority dstnat; }
	add rule inet own pre iifname "ens4" meta nfproto ipv4 dnat ip to tcp dport map @ports'
dockfw 1 --exposure --fail-if-open
try "… in another table" grep -qF "IPv4: rule 1 of pre in the table 'inet own' may publish ports" "$WORK/err"

# ---- a whole host, written by nft ----

fresh
sed -i '/unlisted/d; /direct/d; /publish/d' "$CONF" && echo 'chain "DOCKER-USER" { rules = {} }' >>"$CONF"
{ echo 'flush ruleset'; nft list ruleset 2>/dev/null; } >"$WORK/restored"
try "a host restored by nft" nft -f "$WORK/restored"
nft flush chain ip filter DOCKER-USER && nft delete table ip dockfw
try "… is open" reaches outsider 198.51.100.10
try "… and its port is listed" exposes 2 '^0.0.0.0:80/tcp container 172.17.0.2:80 network docker0 .*open to ANYONE by filter DOCKER '
try "… a trace follows Docker's translation" ends 'forwarded .* to 172.17.0.2 port 80' "$far" tcp 80
try "… and of another port there is none" ends 'local' "$far" tcp 81

# ---- what filters ----

# A mark, as Tailscale uses it.
fresh
ip link add tailscale0 type veth peer name ts1 && ip link set tailscale0 up
nft 'add chain ip filter ts-forward
	add rule ip filter ts-forward iifname "tailscale0*" counter meta mark set meta mark & 0xff00ffff | 0x00040000
	add rule ip filter ts-forward meta mark & 0x00ff0000 == 0x00040000 counter accept
	add rule ip filter ts-forward oifname "tailscale0*" ip saddr 100.64.0.0/10 counter drop
	insert rule ip filter FORWARD counter jump ts-forward'
sed -i '1i trusted-chains = { "ts-forward" }' "$CONF"
try "a rule that marks" exposes 0 '^0.0.0.0:80/tcp .* from ens3 open to 203.0.113.123 by filter DOCKER-USER'
try "… is no doubt of anything" hides 'maybe'
try "… what it marks" ends 'forwarded by filter ts-forward 2: -m mark --mark 0x40000/0xff0000 -j ACCEPT' \
	from 100.64.0.9 in tailscale0 to 172.17.0.2 tcp 80
try "… and what it does not" ends 'refused by filter DOCKER-USER' "$far" to 172.17.0.2 tcp 80
nft insert rule ip filter FORWARD meta mark set 7
try "a mark in the place of another" ends 'refused by filter DOCKER-USER' "$far" to 172.17.0.2 tcp 80

# A map of verdicts, as whalewall uses it.
fresh
nft -f - <<'END'
table ip filter {
	map containers { type ipv4_addr : verdict; }
	chain one {
		ct state established,related accept
		ip saddr 203.0.113.123 ip daddr 172.17.0.2 tcp dport 80 ct state new,established accept
		counter drop
	}
	chain whalewall {
		ip daddr vmap @containers
		ip saddr vmap @containers
	}
}
add element ip filter containers { 172.17.0.2 : jump one }
insert rule ip filter DOCKER-USER jump whalewall
END
try "a map of verdicts: lets one in" reaches allowed 198.51.100.10
try "… and drops the others" ends 'dropped by filter one 3: ' "$far" tcp 80
try "… as the trace of the one" ends 'forwarded by filter one 2: ' from 203.0.113.123 in ens3 tcp 80
try "… and the exposure" exposes 0 '^0.0.0.0:80/tcp .*open to 203.0.113.123 by filter one 3: '

# ---- the guard beside rules of nft in DOCKER-USER ----

# The program's own rules, put back by nft: each is one of nft now, without the mark.
fresh
{ echo 'flush ruleset'; nft list ruleset 2>/dev/null; } >"$WORK/restored"
flush() { nft flush chain ip filter DOCKER-USER; }
try "its own rules, put back by nft" nft -f "$WORK/restored"
try "… a repair leaves them" dockfw 2 --repair
try "… and says what helps" grep -q 'nft flush chain ip filter DOCKER-USER, ip6 for IPv6), then run: ' "$WORK/out"
flush
try "the guard still refuses" refused outsider 198.51.100.10
try "… and lets in" reaches allowed 198.51.100.10
nft flush chain ip6 filter DOCKER-USER
try "what helps" dockfw 0 --repair
try "… holds" finds 0 ''
try "… and is closed" refused outsider 198.51.100.10

# A rule that is only read in part: what is certain of it limits what the guard lets past.
fresh
nft 'insert rule ip filter DOCKER-USER ip length 39 drop
	insert rule ip filter DOCKER-USER iifname "ens*" ip saddr 203.0.113.128/25 tcp dport 80 ip length > 39 return'
try "a rule that is read in part" dockfw 2 --repair
nft list chain ip dockfw forward >"$WORK/guard"
try "… is in the guard with what is certain of it" \
	grep -qE 'iifname "ens\*" .*ip saddr 203.0.113.128/25 .*tcp dport 80 accept' "$WORK/guard"
try "… once" finds 2 'critical rule-bypassed,warning rule-opaque'
flush
try "… it lets past that client" reaches outsider 198.51.100.10
ip -n outsider -4 address flush dev eth0 && ip -n outsider address add 203.0.113.9/24 dev eth0 &&
	ip -n outsider route add default via 203.0.113.1
try "… and no other" refused outsider 198.51.100.10

# A rule of which nothing is certain.
fresh
nft 'insert rule ip filter DOCKER-USER ip length 39 drop; insert rule ip filter DOCKER-USER ip length > 39 return'
try "a rule of which nothing is known" dockfw 2 --repair
try "… a report says that the guard holds nothing" grep -q \
	'rule 1 of DOCKER-USER may let everyone past, .*: the guard holds none of the configured rules after it' "$WORK/out"
flush
try "… as it is" reaches outsider 198.51.100.10

finish
