#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Rules of others in DOCKER-USER that let somebody pass, with real clients: the guard lets pass
# whom these do, and nobody else, also where it alone refuses ("host-firewall").
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "$TESTS/hosts.sh"
# shellcheck source=tests/watching.sh
. "$TESTS/watching.sh"

hosts_up || exit 1
exec {ready}< <(exec python3 "$TESTS/mark_queued.py" 5 0)
read -r -u "$ready" && exec {ready}<&-

in_guard() { nft list table ip dockfw >"$WORK/guard"; grep -E -- "$1" "$WORK/guard" || { cat "$WORK/guard"; return 1; }; }
says() { jq -e --arg text "$2" 'any(.findings[]; .id == "'"$1"'" and (.message | contains($text)))' "$WORK/out"; }
let_in() { reaches "$allowed" 198.51.100.10; }
let_in_outsider() { reaches "$outsider" 198.51.100.10; }
kept_out() { refused "$outsider" 198.51.100.10; }
start() { # the host itself lets in nobody but SOURCE
	clear_tables
	load docker-28.5 && load docker-28.5.ipv6 ip6tables
	ip6tables-$KIND -A INPUT -i ens3 -j DROP
	ipt -A INPUT -i ens3 -s "${1:-192.0.2.1}" -j ACCEPT
	ipt -A INPUT -i ens3 -j DROP
	ipt -D DOCKER-USER -j RETURN 2>/dev/null
	return 0
}
repaired() { "$DOCKFW" -f "$CONF" -b "$KIND" --repair >/dev/null 2>&1; echo $?; }
# A chain with a ban, so that configured rules which let pass come after it, and with exemptions.
mine() { # SOURCE…
	local source
	ipt -N mine
	ipt -A mine -s 203.0.113.66 -j DROP
	for source; do ipt -A mine -s "$source" -j ACCEPT; done
	ipt -A DOCKER-USER -j mine
}
by_host() { # LINE…
	printf '%s\n' 'outside = { "ens3" }' 'unlisted = "host-firewall"' "$@" >"$WORK/lines"
	write_conf <"$WORK/lines"
}

for KIND in nft legacy; do
	by_host
	start
	mine 203.0.113.77
	try "$KIND an exemption: a repair" dockfw 0 --repair
	try "$KIND an exemption: others are refused" kept_out
	try "$KIND an exemption: it is in the guard" in_guard 'ip saddr 203.0.113.77 accept'
	try "$KIND an exemption: all is right" finds 0 ''
	ipt -A mine -s 203.0.113.123 -j ACCEPT
	try "$KIND another one: the guard does not have it" finds 2 'critical guard-differs'
	try "$KIND another one: a repair" dockfw 0 --repair
	try "$KIND another one: it gets in" let_in
	try "$KIND another one: others do not" kept_out

	ipt -I mine 2 -i ens3 -p tcp -m limit --limit 100/s -j ACCEPT
	try "$KIND with a limit: a repair, with a warning" dockfw 1 --repair
	try "$KIND with a limit: it names the rule" finds 1 'warning host-firewall-unclear'
	try "$KIND with a limit: … by its number" says host-firewall-unclear 'rule 1 of DOCKER-USER'
	try "$KIND with a limit: others are refused" kept_out
	try "$KIND with a limit: the exemption is left" let_in

	start
	ipt -A DOCKER-USER -i ens3 -p tcp -j RETURN
	ipt -A DOCKER-USER -s 203.0.113.66 -j DROP
	try "$KIND for everybody: a repair, with a warning" dockfw 1 --repair
	try "$KIND for everybody: refused all the same" kept_out

	by_host 'chain "DOCKER-USER" { rules = { "-4 -j theirs", "-4 -p tcp -m limit --limit 100/s -j RETURN",
			"-4 -m conntrack --ctstate ESTABLISHED --ctexpire 1:999999 -j RETURN" } }' \
		'chain "theirs" { filled-by = "others" }'
	start 203.0.113.123
	try "$KIND configured: a repair, with a warning" dockfw 1 --repair
	try "$KIND configured: of the limit only" finds 1 'warning host-firewall-unclear'
	try "$KIND configured: … which it names" says host-firewall-unclear '--limit 100/s -j RETURN'
	try "$KIND configured: an empty chain lets nobody in" kept_out
	try "$KIND configured: the host's own firewall does" let_in
	ipt -A theirs -s 203.0.113.200 -j ACCEPT
	try "$KIND configured: a chain that is filled: a repair" dockfw 1 --repair
	try "$KIND configured: a chain that is filled lets in" let_in_outsider
	if [ "$KIND" = nft ]; then
		by_host 'chain "DOCKER-USER" { rules = { "-4 -j theirs" } }' \
			'chain "theirs" { filled-by = "others" }'
		dockfw 0 --repair
		try "configured: the watch starts" watch
		ipt -F theirs
		try "configured: the watch sees the chain emptied" until_true kept_out
		ipt -A theirs -s 203.0.113.200 -j ACCEPT
		try "configured: the watch sees it filled" until_true let_in_outsider
		try "configured: the watch ends" stop
	fi

	write_conf <<-'END'
	outside = { "ens3" }
	publish "80/tcp" { allow = { "203.0.113.123" } }
	END
	start
	mine 203.0.113.77
	try "$KIND a section: they let somebody past it" dockfw 2 --repair
	ipt -F DOCKER-USER
	try "$KIND a section: flushed: the guard refuses" kept_out
	try "$KIND a section: flushed: it lets in who may" let_in

	# What the program of a queue accepts has left DOCKER-USER, and goes on to the guard.
	start
	dockfw 0 --repair
	ipt -I DOCKER-USER -p tcp -j NFQUEUE --queue-num 5
	try "$KIND a queue: it is reported" finds 2 'critical rule-bypassed'
	try "$KIND a queue: … with what to do" grep -q 'FORWARD of the table mangle' "$WORK/out"
	try "$KIND a queue: the guard refuses" kept_out
	try "$KIND a queue: who may gets in" let_in
	try "$KIND a queue: a repair" dockfw 2 --repair
	try "$KIND a queue: the guard still refuses" kept_out
	try "$KIND a queue: who may still gets in" let_in
	by_host
	start 203.0.113.123
	ipt -I DOCKER-USER -j NFQUEUE --queue-num 5
	try "$KIND a queue before the host's firewall: a repair" dockfw 0 --repair
	try "$KIND a queue before the host's firewall: others are refused" kept_out
	try "$KIND a queue before the host's firewall: who may gets in" let_in
	start 203.0.113.123
	ipt -t mangle -A FORWARD -j NFQUEUE --queue-num 5
	dockfw "$(repaired)" --repair
	try "$KIND a queue in mangle: others are refused" kept_out
	try "$KIND a queue in mangle: who may gets in" let_in
	ipt -t mangle -F FORWARD
done

finish
