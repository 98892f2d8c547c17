#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Who reaches the ports of a host where Docker filters in its own nf_tables tables: what
# --trace and --exposure say, and what real clients find, with and without the guard, with
# pieces of docker-bridges missing, with leftovers of iptables and with an administrator's table.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "$TESTS/hosts.sh"

KIND=nft
networks() {
	hosts_up &&
		bridge br-r 172.18.0.1/16 && join routed br-r 172.18.0.2/16 fd00:18::2/64 172.18.0.1 fd00:18::1 &&
		bridge br-u 172.19.0.1/16 && join free br-u 172.19.0.2/16 fd00:19::2/64 172.19.0.1 fd00:19::1 &&
		bridge br-i 172.20.0.1/16 && join inner br-i 172.20.0.2/16 fd00:20::2/64 172.20.0.1 fd00:20::1 &&
		serve routed 80 && serve routed 81 && serve free 80 && serve free 81 && serve inner 80
}
networks || not_ok "the networks"

# What each client connects to.
targets() { # CLIENT
	case $1 in
	allowed) printf '%s\n' '198.51.100.10 80' '2001:db8:51::10 80' '172.18.0.2 80' ;;
	outsider) printf '%s\n' '198.51.100.10 80' '198.51.100.10 8081' '198.51.100.10 8082' \
		'198.51.100.10 8084' '172.17.0.2 80' '172.18.0.2 80' '172.18.0.2 81' '172.19.0.2 81' \
		'2001:db8:51::10 80' ;;
	container) printf '%s\n' '198.51.100.10 8082' '198.51.100.10 8084' '203.0.113.200 8080' ;;
	inner) printf '%s\n' '198.51.100.10 80' '203.0.113.200 8080' ;;
	esac
}
clients=(allowed outsider container inner)
address_of() { # CLIENT ADDRESS
	local four six
	case $1 in
	allowed) four=203.0.113.123 six=2001:db8:113::123 ;;
	outsider) four=203.0.113.200 six=2001:db8:113::200 ;;
	container) four=172.17.0.2 ;;
	inner) four=172.20.0.2 ;;
	esac
	[[ $2 == *:* ]] && echo "$six" || echo "$four"
}
# Where its packets come in.
interface_of() {
	case $1 in
	container) echo docker0 ;;
	inner) echo br-i ;;
	*) echo ens3 ;;
	esac
}
# What the clients find.
real() {
	local client pids=()
	for client in "${clients[@]}"; do
		targets "$client" | ip netns exec "$client" python3 "$TESTS/ask_all.py" >"$WORK/real.$client" &
		pids+=($!)
	done
	wait "${pids[@]}"
	for client in "${clients[@]}"; do sed "s/^/$client /" "$WORK/real.$client"; done
}
# What the traces say of them.
traced() {
	local client address port
	for client in "${clients[@]}"; do
		while read -r address port; do
			echo "$client $address $port" >&3
			"$DOCKFW" -f "$CONF" --format=json --trace \
				"from $(address_of "$client" "$address") in $(interface_of "$client") to $address tcp $port"
		done < <(targets "$client")
	done 3>"$WORK/packets" >"$WORK/traces" 2>/dev/null
	# Nothing listens on the host itself.
	jq -r '.trace.verdict | {"forwarded": 0, "refused": 1, "local": 1, "dropped": 2, "lost": 2}[.] // .' \
		"$WORK/traces" | paste -d ' ' "$WORK/packets" -
}
as_traced() {
	local pid
	real >"$WORK/real" & # those whose packets are dropped wait
	pid=$!
	traced >"$WORK/traced"
	wait "$pid"
	diff "$WORK/real" "$WORK/traced"
}

# exposed STATUS LINE…: the exposure has these lines, which are without what decides.
exposed() {
	local line
	gives "$1" "$DOCKFW" -f "$CONF" --exposure --fail-if-open || { cat "$WORK/out" "$WORK/err"; return 1; }
	sed -E '1d; s/ by .*//; s/: it is for .*//; s/ (container|network|answers|from|open to) / /g' \
		"$WORK/out" >"$WORK/lines"
	shift
	for line; do
		grep -qxF -- "$line" "$WORK/lines" || { echo "missing: $line"; cat "$WORK/lines"; return 1; }
	done
}
# only STATUS LINE…: and no others.
only() {
	exposed "$@" && [ "$(wc -l <"$WORK/lines")" = $(($# - 1)) ] && return
	cat "$WORK/lines"
	return 1
}
as_made() {
	clear_tables
	nft -f "$TESTS/layouts/bridges-29.nft"
}
# Nothing is configured.
open_conf() { write_conf <<<'outside = "ens3"'; }
conf() {
	write_conf <<-'END'
	outside = "ens3"
	publish "80/tcp" { allow = { "203.0.113.123", "2001:db8:113::123" } }
	publish "8082/tcp" { allow = "any" }
	publish "8084/tcp" { }
	END
}

# after NAME COMMAND…: on a host with the guard, the command is a change that the traces know of.
after() {
	as_made
	dockfw 0 --repair || not_ok "$1: the guard"
	"${@:2}" || not_ok "$1: the change"
	try "$1: clients find what the traces say" as_traced
}

# What is reached without a translation; what the guard holds; what nobody reaches.
direct=('172.18.0.2:80/tcp 172.18.0.2:80 br-r direct nearby ens3 ANYONE'
	'172.19.0.2:80/tcp 172.19.0.2:80 br-u direct nearby ens3 ANYONE'
	'172.19.0.0/16:*/* 172.19.0.0/16:* br-u direct nearby ens3 ANYONE')
held=('0.0.0.0:80/tcp 172.17.0.2:80 docker0 dnat ens3 203.0.113.123'
	'[::]:80/tcp [fd00:17::2]:80 docker0 dnat ens3 2001:db8:113::123'
	'127.0.0.1:8081/tcp 172.17.0.2:80 docker0 dnat nearby ens3 nobody'
	'0.0.0.0:8084/tcp 172.19.0.2:80 br-u dnat ens3 nobody')
nobody=('0.0.0.0:80/tcp 172.17.0.2:80 docker0 dnat ens3 nobody' "${held[@]:1}"
	'198.51.100.10:8082/tcp 172.17.0.2:80 docker0 dnat ens3 nobody')

as_made
open_conf
try "as dockerd makes them: clients find what the traces say" as_traced
try "and the exposure lists the same" only 2 \
	'0.0.0.0:80/tcp 172.17.0.2:80 docker0 dnat ens3 ANYONE' \
	'127.0.0.1:8081/tcp 172.17.0.2:80 docker0 dnat nearby ens3 nobody' \
	'198.51.100.10:8082/tcp 172.17.0.2:80 docker0 dnat ens3 ANYONE' \
	'0.0.0.0:8084/tcp 172.19.0.2:80 br-u dnat ens3 ANYONE' \
	'[::]:80/tcp [fd00:17::2]:80 docker0 dnat ens3 ANYONE' "${direct[@]}"
conf
after "with the guard" true
try "the exposure: only those who may" only 0 "${held[@]}" "${direct[@]}" \
	'198.51.100.10:8082/tcp 172.17.0.2:80 docker0 dnat allowed ens3 ANYONE'

after "the guard's chain is empty" nft flush chain ip dockfw forward
try "the exposure: all get in" exposed 2 '0.0.0.0:80/tcp 172.17.0.2:80 docker0 dnat ens3 ANYONE' \
	'0.0.0.0:8084/tcp 172.19.0.2:80 br-u dnat ens3 ANYONE' "${held[1]}"
half() {
	nft 'flush chain ip docker-bridges raw-PREROUTING
		delete element ip docker-bridges filter-forward-in-jumps { "br-r" }
		delete element ip docker-bridges filter-forward-out-jumps { "br-i" }'
}
after "nothing drops direct access, and nothing filters for two networks" half
try "the exposure has the containers" exposed 0 "${held[0]}" "${direct[@]}" \
	'172.17.0.2:80/tcp 172.17.0.2:80 docker0 direct nearby ens3 ANYONE' \
	'127.0.0.1:8081/tcp 172.17.0.2:80 docker0 dnat nearby ens3 ANYONE' \
	'172.18.0.0/16:*/* 172.18.0.0/16:* br-r direct nearby ens3 ANYONE'
after "nothing leads to the translations" nft flush chain ip docker-bridges nat-PREROUTING
try "the exposure: nobody gets to the ports" only 0 "${nobody[@]}" "${direct[@]}"
after "a leftover policy of FORWARD" ipt -P FORWARD DROP
try "the exposure: nobody gets in" only 0 "${nobody[@]}" \
	'172.18.0.2:80/tcp 172.18.0.2:80 br-r direct nearby ens3 nobody'
KIND=legacy
older() { load docker-28.5 && ipt -P FORWARD DROP; }
after "the tables of an older dockerd" older
KIND=nft

site() {
	nft -f - <<-'END'
	table inet site {
		set friends {
			type ipv4_addr
			flags interval
			elements = { 203.0.113.0/25, 192.0.2.1 }
		}
		map ports {
			type ifname . inet_service : verdict
			elements = { "br-u" . 80 : drop, "br-r" . 80 : jump friendly }
		}
		chain friendly {
			ip saddr != @friends counter reject
		}
		chain forward {
			type filter hook forward priority filter - 10; policy accept;
			ct state vmap { established : accept, related : accept, invalid : drop }
			iifname "ens3" oifname . tcp dport vmap @ports
		}
	}
	END
}
after "an administrator's table" site
try "the exposure: its set decides" only 0 "${held[@]}" "${direct[2]}" \
	'172.18.0.2:80/tcp 172.18.0.2:80 br-r direct nearby ens3 192.0.2.1,203.0.113.0/25' \
	'198.51.100.10:8082/tcp 172.17.0.2:80 docker0 dnat allowed ens3 ANYONE'

# What a packet does not decide stays undecided.
nft insert rule inet site forward iifname ens3 tcp dport 80 limit rate over 100/second drop
try "a rule with a limit: the exposure does not know" exposed 0 \
	'0.0.0.0:80/tcp 172.17.0.2:80 docker0 dnat ens3 maybe 203.0.113.123' \
	'198.51.100.10:8082/tcp 172.17.0.2:80 docker0 dnat allowed ens3 maybe anyone'
finish
