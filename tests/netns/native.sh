#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Rules of nft of every kind that is understood: what becomes of real connections is what
# --trace says, and it does not say maybe. Docker's own nf_tables backend, and firewalld's sets.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "${0%/*}/../hosts.sh"

KIND=nft
hosts_up
write_conf </dev/null
load docker-28.5
load docker-28.5.ipv6 ip6tables
serve_here() {
	local said
	exec {said}< <(exec python3 "$PEERS/answer.py" "$1" </dev/null 2>/dev/null)
	read -r -u "$said" && exec {said}<&-
}
serve_here 9090

# became WHO ADDRESS PORT: what becomes of a real connection.
became() {
	ask "$@" >/dev/null 2>&1
	case $? in
	0) echo open ;;
	1) echo refused ;;
	*) echo dropped ;;
	esac
}
# traced FROM TO PORT [SPORT]: what the trace says of it.
traced() {
	local trace
	trace=$("$DOCKFW" -f "$CONF" --trace "from $1 in ens3 to $2 tcp $3 sport ${4:-45000}" 2>&1)
	case $(grep -e '^verdict: ' -e '^dockfw-check: ' <<<"$trace") in
	*dockfw-check:*) echo failed ;;
	'verdict: forwarded'* | 'verdict: local'*' port 9090') echo open ;;
	'verdict: local'*) echo refused ;; # nobody listens there
	'verdict: refused'*) echo refused ;;
	'verdict: dropped'* | 'verdict: lost'*) echo dropped ;;
	*) echo maybe ;;
	esac
}
# own: loads the table of standard input, in which rules of one line may be divided by ";;".
own() { sed 's/;;/\n/g' | nft -f -; }

# All rules are in one table. Which of them a connection is for is in its source port.
declare -A hooks=() sports=()
cases=0 chains='' bases='' packets=''
# add HOOK PORT RULES: a chain for packets of the next source port, and who connects to that port:
# both clients, and in IPv6 if the rules may be about it.
add() {
	local who
	sports[$1|$2|$3]=$((45000 + ++cases))
	hooks[$1]+="$((45000 + cases)) : jump case$cases, "
	chains+="chain case$cases { $3;; };; "
	packets+="allowed 203.0.113.123 198.51.100.10 $2 $((45000 + cases))"$'\n'
	packets+="outsider 203.0.113.200 198.51.100.10 $2 $((45000 + cases))"$'\n'
	case $3 in
	*ip6* | *ipv6* | *fib* | *jump*)
		packets+="allowed 2001:db8:113::123 2001:db8:51::10 $2 $((45000 + cases))"$'\n'
		packets+="outsider 2001:db8:113::200 2001:db8:51::10 $2 $((45000 + cases))"$'\n'
		;;
	esac
}
# make_bases: the base chains, which jump to those of their hook.
make_bases() {
	local hook i=0
	for hook in "${!hooks[@]}"; do
		bases+="chain base$((++i)) { type $hook; "
		bases+="ct state { established, related } accept;; tcp sport vmap { ${hooks[$hook]} };; };; "
	done
}
# connect_all: makes all connections at once: a file with what became of each.
connect_all() {
	local who word=(open refused dropped) to port sport became
	for who in allowed outsider; do
		sed -n "s/^$who [^ ]* //p" <<<"$packets" |
			ip netns exec $who python3 "$PEERS/ask_all.py" 4 >"$WORK/$who" &
	done
	# shellcheck disable=SC2046 # a list
	wait $(jobs -p)
	for who in allowed outsider; do
		while read -r to port sport became; do
			echo "${word[became]}" >"$WORK/is-$who-$to-$port-$sport"
		done <"$WORK/$who"
	done
}
# trace_all: likewise what the traces say of them.
trace_all() {
	local who from to port sport
	while read -r who from to port sport; do
		[ -n "$who" ] || continue
		[ "$(jobs -pr | wc -l)" -lt 4 ] || wait -n
		traced "$from" "$to" "$port" "$sport" >"$WORK/said-$who-$to-$port-$sport" &
	done <<<"$packets"
	# shellcheck disable=SC2046 # a list
	wait $(jobs -p)
}
# agree SPORT: the traces of that source port are about the ends that the connections have.
agree() {
	local who from to port sport is said n=0 bad=0
	while read -r who from to port sport; do
		[ "$sport" = "$1" ] || continue
		n=$((n + 1))
		is=$(<"$WORK/is-$who-$to-$port-$sport") said=$(<"$WORK/said-$who-$to-$port-$sport")
		[ "$is" = "$said" ] && [ -n "$is" ] && continue
		bad=1
		echo "from $from to $to: $is, and the trace says $said"
		"$DOCKFW" -f "$CONF" --trace "from $from in ens3 to $to tcp $port sport $sport"
	done <<<"$packets"
	[ "$n" -ge 2 ] && [ "$bad" = 0 ]
}

# HOOK|PORT|RULES
while IFS='|' read -r hook port rules; do
	add "$hook" "$port" "$rules"
done <<'END'
filter hook forward priority 10|80|ip saddr 203.0.113.123 accept;; reject
filter hook forward priority 10|80|ip saddr 203.0.113.0/25 reject;; ip6 saddr 2001:db8:113::/120 accept;; ip6 saddr 2001:db8::/32 reject
filter hook forward priority 10|80|ip saddr { 203.0.113.123, 10.0.0.0/8 } counter reject
filter hook forward priority 10|80|ip saddr != { 203.0.113.123, 10.0.0.0/8 } log prefix "no " reject
filter hook forward priority 10|80|ip saddr @banned reject;; ip6 saddr != @banned6 reject
filter hook forward priority 10|80|ip saddr & 255.255.255.248 == 203.0.113.120 reject
filter hook forward priority 10|80|ip saddr 203.0.113.100-203.0.113.150 reject;; ip6 saddr != 2001:db8:113::100-2001:db8:113::150 reject
filter hook forward priority 10|80|ip saddr . tcp dport { 203.0.113.123 . 80, 203.0.113.200 . 81 } reject
filter hook forward priority 10|80|ip saddr . tcp dport @pairs reject
filter hook forward priority 10|80|iifname . ip saddr @ways reject
filter hook forward priority 10|80|ip saddr 203.0.113.123 ip daddr 172.17.0.2 tcp sport 1024-65535 tcp dport 80 reject
filter hook forward priority 10|80|iifname "ens*" oifname "docker0" ip saddr 203.0.113.200 reject
filter hook forward priority 10|80|iif "ens3" oif != "docker0" reject;; iif "ens3" ip saddr 203.0.113.123 reject
filter hook forward priority 10|80|iifname vmap @by_name
filter hook forward priority 10|80|tcp dport vmap @by_port;; reject
filter hook forward priority 10|80|ip saddr vmap @by_source;; reject
filter hook forward priority 10|80|ip saddr vmap { 203.0.113.123 : accept, * : goto refuse_all }
filter hook forward priority 10|80|meta l4proto vmap { tcp : jump refuse_some, udp : drop };; ct state vmap { established : accept, new : accept, invalid : drop };; reject
filter hook forward priority 10|80|ct state established,related accept;; ct state new ct status dnat ip saddr @banned reject
filter hook forward priority 10|80|meta l4proto tcp ct original proto-dst 80 ct direction original ip saddr 203.0.113.200 reject
filter hook forward priority 10|80|ct original ip daddr 198.51.100.10 ct original ip saddr @banned reject
filter hook forward priority 10|80|ct original ip6 saddr 2001:db8:113::123 reject;; meta l4proto tcp ct reply proto-src 80 ip saddr 203.0.113.123 reject
filter hook forward priority 10|80|meta l4proto { tcp, udp } th dport 80 ip saddr 203.0.113.123 reject
filter hook forward priority 10|80|tcp flags & (fin | syn | rst | ack) == syn ip saddr 203.0.113.123 reject
filter hook forward priority 10|80|meta nfproto ipv6 reject
filter hook forward priority 10|80|meta protocol ip reject
filter hook forward priority 10|80|meta pkttype unicast ip saddr 203.0.113.200 reject
filter hook forward priority 10|80|ip protocol tcp ip saddr 203.0.113.200 reject;; ip6 nexthdr udp reject
filter hook forward priority 10|80|tcp dport != @doors reject;; tcp dport { 1-79, 81-65535 } reject
filter hook forward priority 10|80|ip frag-off & 0x1fff != 0 reject;; fib saddr . iif oif missing reject
filter hook forward priority 10|80|fib saddr type local reject;; fib daddr type != unicast reject
filter hook forward priority 10|80|jump refuse_some;; return;; reject
filter hook forward priority 10|80|ip saddr 203.0.113.123 meta mark set 0x11;; meta mark & 0xf0 == 0x10 reject
filter hook forward priority 10|80|ip saddr 203.0.113.123 ct mark set 7 counter;; meta mark set ct mark;; meta mark 7 reject
filter hook forward priority 10|80|meta mark set ip saddr map @marks;; meta mark > 5 reject
filter hook forward priority 10|80|meta mark set 3 ip saddr 203.0.113.123 reject;; meta mark != 3 reject
filter hook forward priority 10|80|meta mark set meta mark or 0x8;; meta mark set meta mark and 0xfffffff0 or 0x1;; meta mark 1 ip saddr 203.0.113.200 reject
filter hook prerouting priority -110|9090|iifname "ens3" fib daddr type local ip saddr 203.0.113.123 meta mark set 1;; meta mark 1 ip saddr 203.0.113.123 drop
filter hook input priority 10|9090|tcp dport 9090 ip saddr 203.0.113.123 accept;; ip6 saddr @banned6 accept;; tcp dport @doors reject
filter hook input priority 10|9090|ct status dnat accept;; ct status & snat == snat reject;; iifname "lo" accept;; ip saddr @banned reject
filter hook input priority -200|9090|fib daddr type local ip saddr 203.0.113.200 reject with tcp reset
nat hook prerouting priority -110|82|dnat ip addr . port to tcp dport map @targets
nat hook prerouting priority -110|82|ip saddr 203.0.113.123 tcp dport 82 redirect to :9090
nat hook prerouting priority -110|82|iifname "ens3" tcp dport { 82, 83 } dnat ip to 172.17.0.2:80;; tcp dport 82 dnat ip6 to [fd00:17::2]:80
nat hook prerouting priority -90|82|tcp dport 82 dnat ip to 172.17.0.2-172.17.0.2:80-80
nat hook prerouting priority -90|80|ip saddr 203.0.113.123 tcp dport 80 redirect to :9090
END

make_bases
own <<-END || exit 1
	table inet own {
	set banned { type ipv4_addr; flags interval; elements = { 203.0.113.123, 10.0.0.0/8, 203.0.113.64-203.0.113.80 }; }
	set banned6 { type ipv6_addr; elements = { 2001:db8:113::200 }; }
	set doors { type inet_service; flags interval; elements = { 80-90, 9000-9100 }; }
	set pairs { type ipv4_addr . inet_service; flags interval; elements = { 203.0.113.0/25 . 1-100, 203.0.113.192/26 . 443 }; }
	set ways { type ifname . ipv4_addr; elements = { "ens3" . 203.0.113.200, "lo" . 203.0.113.123 }; }
	map by_name { type ifname : verdict; elements = { "ens3" : jump refuse_some, "docker0" : drop }; }
	map by_port { type inet_service : verdict; flags interval; elements = { 1-79 : drop, 80 : goto refuse_some, 81-9090 : jump refuse_some }; }
	map by_source { type ipv4_addr : verdict; flags interval; elements = { 203.0.113.0/25 : accept, 203.0.113.200 : goto refuse_all }; }
	map marks { type ipv4_addr : mark; elements = { 203.0.113.123 : 5, 203.0.113.200 : 6 }; }
	map targets { type inet_service : ipv4_addr . inet_service; elements = { 82 : 172.17.0.2 . 80 }; }
	chain refuse_some { ip saddr @banned reject;; ip6 saddr @banned6 reject;; }
	chain refuse_all { reject; }
	$chains
	$bases
	}
END
connect_all
trace_all
while IFS='|' read -r rules sport; do
	try "$rules" agree "$sport"
done < <(for rules in "${!sports[@]}"; do echo "${rules//|/, }|${sports[$rules]}"; done | sort -t'|' -k2n)
nft delete table inet own

# What needs the state of the kernel, or changes a set, is a maybe and no more.
rules=() chains='' bases=''
while read -r rule; do
	rules+=("$rule")
	bases+="${#rules[@]} : jump case${#rules[@]}, " chains+="chain case${#rules[@]} { $rule;; };; "
done <<'END'
tcp dport 80 limit rate over 5/second reject
tcp dport 80 add @seen { ip saddr } reject
tcp dport 80 ct count over 2 reject
tcp dport 80 numgen random mod 4 0 reject
tcp dport 80 meta length > 1000 reject
END
own <<-END || exit 1
	table inet own {
	set seen { type ipv4_addr; flags dynamic,timeout; timeout 1m; size 9; }
	$chains
	chain base { type filter hook forward priority 10;; tcp sport vmap { $bases };; }
	}
END
for i in "${!rules[@]}"; do
	try "not known: ${rules[i]}" test "$(traced 203.0.113.123 198.51.100.10 80 $((i + 1)))" = maybe
	try "… and not for others: ${rules[i]}" test "$(traced 203.0.113.123 198.51.100.10 82 $((i + 1)))" = refused
done
nft delete table inet own

# ---- Docker's own backend ----

# network BRIDGE SUBNET RULES-IN RULES-OUT: one network of docker-bridges.
ins='' outs='' translations='' raws='' chains=''
network() {
	local name=$1 subnet=$2 in=$3 out=$4
	ins+="\"$name\" : jump filter-forward-in__$name, " outs+="\"$name\" : jump filter-forward-out__$name, "
	chains+="
	chain filter-forward-in__$name { ct state established,related counter accept;; $in;; }
	chain filter-forward-out__$name { ct state established,related counter accept;; $out;; }
	chain nat-postrouting-out__$name { oifname != \"$name\" ip saddr $subnet counter masquerade comment \"MASQUERADE\"; }"
}
# published BRIDGE CONTAINER PORT HOST-PORT [ADDRESS]
published() {
	translations+="iifname != \"$1\" ${5:+ip daddr $5} tcp dport $4 counter dnat to $2:$3 comment \"DNAT\";;"
	raws+="ip daddr $2 iifname != \"$1\" counter drop comment \"DROP DIRECT ACCESS\";;"
	[ "${5:-}" != 127.0.0.1 ] || raws+="iifname != \"lo\" ip daddr $5 tcp dport $4 counter drop;;"
}
nft flush ruleset
for name in icc0 routed0 open0 inner0; do
	bridge "$name" "172.$((18 + n++)).0.1/16" || exit 1
	ip link add "v-$name" type veth peer name "w-$name" netns container && ip link set "v-$name" master "$name" up
done
last='counter drop comment "UNPUBLISHED PORT DROP"'
network docker0 172.17.0.0/16 "iifname \"docker0\" counter accept;; ip daddr 172.17.0.2 tcp dport 80 counter accept;; $last" 'counter accept'
network icc0 172.18.0.0/16 "iifname \"icc0\" counter drop;; ip daddr 172.18.0.2 tcp dport 5432 counter accept;; $last" 'counter accept'
network routed0 172.19.0.0/16 "ip protocol icmp counter accept;; iifname \"routed0\" counter accept;; ip daddr 172.19.0.2 tcp dport 80 counter accept;; $last" 'counter accept'
network open0 172.20.0.0/16 'iifname "open0" counter accept;; counter accept comment "UNPROTECTED"' 'counter accept'
network inner0 172.21.0.0/16 'iifname != "inner0" counter drop;; counter accept' 'oifname != "inner0" counter drop'
published docker0 172.17.0.2 80 8080
published docker0 172.17.0.2 80 6379 127.0.0.1
published icc0 172.18.0.2 5432 5432
published open0 172.20.0.2 80 7001
docker_bridges() {
	own <<-END
	table ip docker-bridges {
	map filter-forward-in-jumps { type ifname : verdict; elements = { $ins }; }
	map filter-forward-out-jumps { type ifname : verdict; elements = { $outs }; }
	$chains
	chain filter-FORWARD { type filter hook forward priority filter; policy accept;
		oifname vmap @filter-forward-in-jumps;; iifname vmap @filter-forward-out-jumps;; }
	chain nat-prerouting-and-output { $translations }
	chain nat-PREROUTING { type nat hook prerouting priority dstnat; policy accept;
		fib daddr type local counter jump nat-prerouting-and-output;; }
	chain raw-PREROUTING { type filter hook prerouting priority raw; policy accept; $raws }
	}
	END
}
try "docker-bridges: loaded" docker_bridges
try "docker-bridges: the port answers as traced" test "$(became outsider 198.51.100.10 8080)$(traced 203.0.113.200 198.51.100.10 8080)" = openopen
try "docker-bridges: the container itself does not" test "$(became outsider 172.17.0.2 80)$(traced 203.0.113.200 172.17.0.2 80)" = droppeddropped
try "docker-bridges: exposure" dockfw 0 --exposure
while read -r line; do
	try "docker-bridges: $line" grep -qE "^$line" "$WORK/out"
done <<'END'
0.0.0.0:8080/tcp container 172.17.0.2:80 .* from .*ens3.* open to ANYONE by ip docker-bridges filter-forward-in__docker0 3: ip daddr 172.17.0.2 tcp dport 80 accept$
127.0.0.1:6379/tcp .* open to nobody by ip docker-bridges raw-PREROUTING 3: 
0.0.0.0:5432/tcp container 172.18.0.2:5432 .* open to ANYONE by ip docker-bridges filter-forward-in__icc0 3: 
0.0.0.0:7001/tcp container 172.20.0.2:80 .* open to ANYONE by ip docker-bridges filter-forward-in__open0 3: accept$
172.19.0.2:80/tcp .* direct nearby from .*ens3.* open to ANYONE by ip docker-bridges filter-forward-in__routed0 4: 
172.20.0.0/16:.* direct nearby from .*ens3.* open to ANYONE by ip docker-bridges filter-forward-in__open0 3: accept$
END
try "docker-bridges: nothing is maybe" test "$(grep -c maybe "$WORK/out")" = 0
try "docker-bridges: nothing of the others is open from outside" test "$(grep -E '^172.(17|18|19|21).0.0/16.* from [^ ]*ens3[^ ]* open to ANYONE' "$WORK/out")" = ''
nft 'table inet mine { set banned { type ipv4_addr; elements = { 203.0.113.200 }; }; chain f { type filter hook forward priority -1; ip saddr @banned counter reject; }; }'
try "beside one's own table: the banned" test "$(became outsider 198.51.100.10 8080)$(traced 203.0.113.200 198.51.100.10 8080)" = refusedrefused
try "beside one's own table: the others" test "$(became allowed 198.51.100.10 8080)$(traced 203.0.113.123 198.51.100.10 8080)" = openopen
try "beside one's own table: exposure" dockfw 0 --exposure
try "beside one's own table: … without the banned" grep -qE '^0.0.0.0:8080/tcp .* open to ANYONE but 203.0.113.200 by ' "$WORK/out"

nft 'add rule inet mine f ip saddr 203.0.113.123 limit rate over 1000/second drop'
try "beside one's own table: one who may be dropped" test "$(became allowed 198.51.100.10 8080)" = open
try "beside one's own table: … gets in at times" dockfw 0 --exposure
try "beside one's own table: … and is not called shut out" grep -qE '^0.0.0.0:8080/tcp .* open to ANYONE but 203.0.113.200, maybe 203.0.113.123 by ' "$WORK/out"
nft 'flush chain inet mine f; add rule inet mine f ip saddr @banned counter reject'

# ---- a port of the other backend ----

iptables-legacy -t nat -A PREROUTING -p tcp --dport 7777 -j DNAT --to-destination 172.17.0.2:80 &&
	iptables-legacy -t nat -A PREROUTING -d 198.51.100.10 -p tcp --dport 7778 -j DNAT --to-destination 172.17.0.2:80 || exit 1
try "iptables-legacy translates a port: the allowed" test "$(became allowed 198.51.100.10 7777)$(traced 203.0.113.123 198.51.100.10 7777)" = openopen
try "iptables-legacy translates a port: exposure" dockfw 0 --exposure
try "iptables-legacy translates a port: … lists it" grep -qE '^0.0.0.0:7777/tcp +container 172.17.0.2:80 .* open to ANYONE but 203.0.113.200 by ' "$WORK/out"
try "iptables-legacy translates a port: … of one address" grep -qE '^198.51.100.10:7778/tcp +container 172.17.0.2:80 .* open to ANYONE but 203.0.113.200 by ' "$WORK/out"
finish
