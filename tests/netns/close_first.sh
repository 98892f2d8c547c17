#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2119 # dockerd needs no option
# --close-first, with real clients: nobody gets in before the configuration is in force,
# the configured clients get in after, and established connections never notice.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "$TESTS/hosts.sh"
# shellcheck source=tests/dockerd.sh
. "$TESTS/dockerd.sh"
# shellcheck source=tests/watching.sh
. "$TESTS/watching.sh"

hosts_up

not() { ! "$@"; }
both() { "iptables-$KIND" "$@" && "ip6tables-$KIND" "$@"; }
section() {
	write_conf <<-'END'
	publish "80/tcp" { interface = "ens3" allow = { "203.0.113.123", "2001:db8:113::123" } }
	END
}
broken() { write_conf <<<'publish "80/tcp" {'; }
# Docker's rules, open to everyone, and no trace of an earlier repair.
fresh() {
	clear_tables
	rm -rf /var/lib/dockfw
	load docker-28.5 && load docker-28.5.ipv6 ip6tables
}
own() { nft list table "$1" dockfw; }
gone() { not own "${1:-ip}" 2>/dev/null; }
both_gone() { gone ip && gone ip6; }
# The program could not do what was asked for, and says so.
fails() { # OPTION…
	"$DOCKFW" -f "$CONF" -b "$KIND" --repair "$@" >"$WORK/out" 2>"$WORK/err"
	[ $? -ge 2 ] || { cat "$WORK/out" "$WORK/err"; return 1; }
}
says() { grep -qE -- "$1" "$WORK/err" || { cat "$WORK/err"; return 1; }; }

everyone() { # reaches|refused
	local client
	for client in "$allowed" "$outsider"; do
		"$1" "$client" 198.51.100.10 && "$1" "$client" 2001:db8:51::10 || return 1
	done
}
closed() { refused "$allowed" 198.51.100.10 && refused "$outsider" 2001:db8:51::10; }
as_configured() {
	reaches "$allowed" 198.51.100.10 && reaches "$allowed" 2001:db8:51::10 &&
		refused "$outsider" 198.51.100.10 && refused "$outsider" 2001:db8:51::10
}

# A connection of the outsider that stays: each line is answered with the same line.
start ip netns exec container python3 -c '
import socket
server = socket.create_server(("", 81))
print(flush=True)
while True:
    connection, _ = server.accept()
    while data := connection.recv(64):
        connection.sendall(data)'
echoes=$started
session_open() {
	ipt -t nat -A DOCKER ! -i docker0 -p tcp --dport 81 -j DNAT --to-destination 172.17.0.2:81 &&
		ipt -I DOCKER -d 172.17.0.2 -p tcp --dport 81 -j ACCEPT || return 1
	coproc SESSION { exec ip netns exec outsider python3 -u -c '
import socket, sys
connection = socket.create_connection(("198.51.100.10", 81))
connection.settimeout(5)
for line in sys.stdin:
    connection.sendall(line.encode())
    sys.stdout.write(connection.recv(64).decode())' 2>/dev/null; }
}
session_lives() {
	local said
	echo "$RANDOM" >&"${SESSION[1]}" && read -r -t 10 -u "${SESSION[0]}" said && [ -n "$said" ]
}
session_close() { kill "$SESSION_PID" && wait "$SESSION_PID" 2>/dev/null; true; }

for KIND in nft legacy; do
	# ---- a configuration that cannot be read ----

	fresh
	broken
	try "$KIND: open at first" everyone reaches
	session_open
	try "$KIND: a connection that stays" session_lives
	try "$KIND broken: without the option" fails
	try "$KIND broken: it stays open" everyone reaches
	try "$KIND broken: with it" fails --close-first
	run="dockfw-check -f $CONF -b $KIND"
	try "$KIND broken: it says that it is closed, and how to open" says \
		"stay refused; correct the error and run: $run --repair; or open them: $run --remove\$"
	try "$KIND broken: everyone is refused" everyone refused
	try "$KIND broken: what the container starts is not" outgoing
	try "$KIND broken: nor an established connection" session_lives
	packets_end
	try "$KIND broken: a second run writes nothing" silent fails --close-first
	try "$KIND broken: and says the same" says 'stay refused'
	fails --close-first -4 --state-folder "$WORK/the state"
	try "$KIND broken: each command is for what this one was for" says \
		"run: $run -4 --state-folder '$WORK/the state' --repair; or open them: $run -4 --state-folder '$WORK/the state' --remove\$"
	rm "$CONF"
	try "$KIND no file: closed as well" fails --close-first
	try "$KIND no file: everyone is refused" closed
	try "$KIND no file: --remove opens" dockfw 0 --remove
	try "$KIND no file: it is gone" both_gone
	try "$KIND no file: everyone gets in" everyone reaches

	# ---- and one that can ----

	fresh
	section
	dockfw 0 --repair
	own ip >"$WORK/plain"
	fresh
	try "$KIND: a repair that closes first" dockfw 0 --repair --close-first
	try "$KIND: in force" as_configured
	try "$KIND: all is right" finds 0 ''
	packets_end
	try "$KIND: the guard is as ever" diff <(sed 's/packets [0-9]* bytes [0-9]*//' "$WORK/plain") \
		<(own ip | sed 's/packets [0-9]* bytes [0-9]*//')
	try "$KIND: a second run writes nothing" silent dockfw 0 --repair --close-first
	broken
	rm -rf /var/lib/dockfw
	try "$KIND: the guard of the last configuration stays" silent fails --close-first
	try "$KIND: and is in force" as_configured
	both -F DOCKER-USER
	try "$KIND: without DOCKER-USER as well" as_configured
	nft delete table ip dockfw && nft add table ip dockfw '{ comment "dockfw"; flags dormant; }' &&
		nft add chain ip dockfw forward '{ type filter hook forward priority 5; }' &&
		nft add rule ip dockfw forward drop
	try "$KIND: a dormant guard holds nothing" fails --close-first
	try "$KIND: so it is replaced" refused "$allowed" 198.51.100.10
	try "$KIND: and the other one not" reaches "$allowed" 2001:db8:51::10
	session_close

	# ---- no gap in between ----

	clear_tables
	rm -rf /var/lib/dockfw
	section
	load docker-28.5 && load docker-28.5.ipv6 ip6tables
	"$DOCKFW" -f "$CONF" -b "$KIND" --repair --close-first --wait=60 >"$WORK/out" 2>"$WORK/err" &
	run=$!
	for ((i = 0; i < 1000; i++)); do gone >/dev/null || break; sleep 0.01; done
	try "$KIND slow: everyone is refused" closed
	(until [ -e "$WORK/enough" ]; do
		ask "$outsider" 198.51.100.10 >/dev/null
		echo $?
	done >"$WORK/answers") &
	asking=$!
	dockerd
	wait "$run"
	try "$KIND slow: the repair" [ $? = 0 ]
	try "$KIND slow: in force" as_configured
	touch "$WORK/enough" && wait "$asking" && rm "$WORK/enough"
	try "$KIND slow: the outsider was refused each time" [ "$(sort -u "$WORK/answers")" = 1 ]
	end "$dockerd"

	# Time runs out in the repair: another program holds the xtables lock.
	if [ $KIND = legacy ]; then
		fresh
		section
		start flock -o /run/xtables.lock sh -c 'echo; exec sleep 60'
		try "$KIND too late: the run ends" fails --close-first --timeout=1
		try "$KIND too late: it says what it has written" grep -q '^UNKNOWN: .* repaired with' "$WORK/out"
		try "$KIND too late: the guard holds the configuration" as_configured
		end "$started"
		try "$KIND too late: the next run repairs the rest" dockfw 0 --repair
		try "$KIND too late: as configured as well" as_configured
	fi

	# ---- a configuration that says nothing about rules ----

	fresh
	write_conf <<<'# no setting'
	try "$KIND no rule: it stays closed" fails --close-first
	try "$KIND no rule: closed" closed
	try "$KIND no rule: there is no error to correct" says 'stay refused; write the configuration and run: '
	try "$KIND no rule: the finding names the state" grep -q 'no rule is configured, and --close-first has closed all published ports' "$WORK/out"
	try "$KIND no rule: and what opens them" grep -qF 'or, if none is wanted: chain "DOCKER-USER" { rules = { } }' "$WORK/out"

	# ---- configurations without a guard ----

	for text in 'guard = "off"' 'families = { "ipv4" } ignore = { "family-left-out" }' '# no setting'; do
		fresh
		broken
		fails --close-first
		try "$KIND $text: closed by an earlier run" closed
		write_conf <<<"$text"$'\nchain "DOCKER-USER" { rules = { } }'
		try "$KIND $text: a repair" dockfw 0 --repair
		try "$KIND $text: opens" everyone reaches
		try "$KIND $text: it is gone" both_gone
		try "$KIND $text: in one run" dockfw 0 --repair --close-first
		try "$KIND $text: it is gone, too" both_gone
		broken
		fails --close-first
		write_conf <<<"$text"$'\nchain "DOCKER-USER" { rules = { } }'
		try "$KIND $text: closed again, until a watch begins" watch
		try "$KIND $text: which opens" until_true everyone reaches
		try "$KIND $text: and ends" stop
	done
done
end "$echoes"

# ---- where the guard is not possible ----

KIND=nft
fresh
section
nft -f - <<'END'
table ip dockfw {
	chain theirs { type filter hook forward priority 0; policy accept; ip saddr 192.0.2.1 drop; }
}
END
own ip >"$WORK/theirs"
try "another's table: the run goes on" dockfw 3 --repair --close-first
try "another's table: a warning" says "the ipv4 table 'dockfw' is another program's"
try "another's table: it is kept" diff "$WORK/theirs" <(own ip)
try "another's table: DOCKER-USER is in force" as_configured

KIND=legacy
fresh
program=$DOCKFW
DOCKFW=$WORK/dockfw-check
printf '#!/bin/sh\nexec %q nft %q "$@"\n' "$(realpath "$BUILD/tools/without")" "$(realpath "$program")" >"$DOCKFW"
chmod +x "$DOCKFW"
try "without nf_tables: the run goes on" dockfw 0 --repair --close-first
try "without nf_tables: a warning" says 'this kernel has no nf_tables, so published ports are not closed'
try "without nf_tables: DOCKER-USER is in force" as_configured
DOCKFW=$program

for options in --close-first '--repair --dry-run --close-first' '--remove --close-first'; do
	# shellcheck disable=SC2086 # a list
	try "refused: $options" gives 3 "$DOCKFW" $options
	why='--close-first needs --repair'
	[[ $options != *--dry-run* ]] || why='--close-first cannot be used with --dry-run'
	try "refused: it says why: $options" says "$why"
done
finish
