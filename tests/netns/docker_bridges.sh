#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Docker's own nf_tables tables, without DOCKER-USER: the guard holds the rules there, with
# real clients. What is broken is found and repaired; a change of backend leaves no gap, and
# what it leaves over is reported.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "$TESTS/hosts.sh"
# shellcheck source=tests/dockerd.sh
. "$TESTS/dockerd.sh"
# shellcheck source=tests/own.sh
. "$TESTS/own.sh"

hosts_up
KIND=auto

not() { ! "$@"; }
has() { nft list table "${2:-ip}" dockfw >"$WORK/own" 2>&1; grep -qE -- "$1" "$WORK/own" || { cat "$WORK/own"; return 1; }; }
# message ID TEXT: the last report has a finding of that kind whose message matches.
message() {
	jq -e --arg id "$1" --arg text "$2" 'any(.findings[]; .id == $id and (.message | test($text)))' \
		"$WORK/out" >/dev/null || { cat "$WORK/out"; return 1; }
}
left_is() { # SEVERITY TEXT: of a finding docker-leftover
	dockfw 2 --format=json
	jq -e --arg is "$1" --arg text "$2" 'any(.findings[]; .id == "docker-leftover" and .severity == $is and
		(.message | test($text)))' "$WORK/out" >/dev/null || { cat "$WORK/out"; return 1; }
}
no_message() { ! message "$@" >/dev/null; }
open_to_all() { reaches "$outsider" 198.51.100.10 && reaches "$outsider" 2001:db8:51::10; }
closed() {
	refused "$outsider" 198.51.100.10 && refused "$outsider" 2001:db8:51::10 &&
		reaches "$allowed" 198.51.100.10 && reaches "$allowed" 2001:db8:51::10
}
section() {
	write_conf <<-'END'
	publish "80/tcp" { interface = "ens3" allow = { "203.0.113.123", "2001:db8:113::123" } }
	END
}
rules() {
	write_conf <<-'END'
	chain "DOCKER-USER" {
	    rules = {
	        "-i ens3 -p tcp --dport 80 -j OFFICE",
	        "-i ens3 -p tcp --dport 80 -j REJECT"
	    }
	}
	chain "OFFICE" {
	    rules = { "-4 -s 203.0.113.123 -j ACCEPT", "-6 -s 2001:db8:113::123 -j ACCEPT" }
	}
	END
}

# ---- held, in each form ----

for form in section rules; do
	$form
	clear_tables
	try "$form: Docker's tables" docker_native
	try "$form: open without the guard" open_to_all
	try "$form: found" finds 2 'critical guard-missing,critical docker-nftables'
	try "$form: a report of that" dockfw 2
	try "$form: names the families" grep -qE '^CRITICAL: [0-9]+ findings \(nft, ipv4 and ipv6\)$' "$WORK/out"
	try "$form: and why the port is open" grep -qE \
		'^open +ipv4: ports? 80/tcp.* open to .* on ens3: there is no table ip dockfw: nothing holds the rules$' "$WORK/out"
	try "$form: a repair" dockfw 0 --repair
	try "$form: what holds is named" dockfw 0
	try "$form: it is the guard" grep -q '^OK: the guard holds the .* configured rules (nft, ipv4 and ipv6)$' "$WORK/out"
	try "$form: all is right" finds 0 ''
	try "$form: closed" closed
	try "$form: no DOCKER-USER is made" not iptables-nft -S DOCKER-USER
	packets_end
	try "$form: a second repair is silent" silent dockfw 0 --repair
	nft delete rule ip dockfw forward handle "$(nft -a list chain ip dockfw forward | sed -n 's/.*reject.*handle //p' | head -1)"
	try "$form: a rule taken out" finds 2 'critical guard-differs,critical docker-nftables'
	try "$form: only there" reaches "$outsider" 198.51.100.10
	nft insert rule ip6 dockfw forward accept
	try "$form: one put in" finds 2 'critical guard-differs,critical docker-nftables'
	nft 'add table ip6 dockfw { flags dormant; }'
	try "$form: an open IPv6" reaches "$outsider" 2001:db8:51::10
	try "$form: repaired" dockfw 0 --repair
	try "$form: right again" finds 0 ''
	try "$form: closed again" closed
done

sed -i '1i guard = "off"' "$CONF"
try "guard off: critical" finds 2 'critical docker-nftables,warning guard-differs'
try "guard off: a repair takes the table away, and says what that means" dockfw 2 --repair
try "guard off: open" open_to_all
try "guard off: critical as long as it is" finds 2 'critical docker-nftables'
try "guard off: the message names the setting" message docker-nftables 'guard = .off. leaves it out' 

# ---- with state and effects, unlisted, direct ----

write_conf <<-'END'
outside  = { "ens3" }
unlisted = "refuse"
direct   = "refuse"
publish "80/tcp" { allow = { "203.0.113.123", "2001:db8:113::123" } }
chain "DOCKER-USER" {
    rules = {
        "-i ens3 -p tcp --dport 80 -m limit --limit 5/minute -j LOG --log-prefix dockfw-test",
        "-i ens3 -m connlimit --connlimit-above 100 -j DROP",
        "-i ens3 -m recent --name seen --set",
        "-i ens3 -p udp -j MARK --set-xmark 0x1/0x1"
    }
}
END
clear_tables
docker_native
try "state: a repair" dockfw 0 --repair
try "state: all is right" finds 0 ''
try "state: the guard has the limit" has 'limit rate 5/minute'
try "state: and the effects" has 'LOG|log prefix'
try "state: closed" closed
try "unlisted: nobody gets in" refused "$allowed" 198.51.100.10 8081
try "unlisted: over IPv6" refused "$allowed" 2001:db8:51::10 8081
nft flush chain ip docker-bridges raw-PREROUTING
nft flush chain ip docker-bridges filter-forward-in__docker0
try "direct: nobody gets to the container's own address" refused "$outsider" 172.17.0.2
dockfw 0 --repair
nft delete chain ip dockfw input
try "state: a base chain of the guard gone" finds 2 'critical guard-differs,critical docker-nftables'
try "state: repaired" dockfw 0 --repair
packets_end
try "state: a second repair is silent" silent dockfw 0 --repair

# ---- ports, and what docker-proxy answers ----

write_conf <<-'END'
unlisted = "refuse"
publish "80/tcp" { allow = { "203.0.113.123", "2001:db8:113::123" } }
publish "90/tcp" { allow = { "any" } }
END
clear_tables
docker_native
dockerd --firewall-backend=nftables
listen=0.0.0.0 port=80
proxy -proto tcp -host-ip 0.0.0.0 -host-port 80 -container-ip 172.17.0.2 -container-port 80
dockfw 0 --repair
try "ports: those of Docker's own tables are known" finds 0 'ok port-unlisted,ok port-unpublished'
try "ports: without a section" message port-unlisted 'unlisted = .refuse.: 8081/tcp$'
try "ports: without a container" message port-unpublished 'nothing publishes 90/tcp'
sed -i '/unlisted/d; /"80/d' "$CONF"
dockfw 0 --repair
try "proxy: what Docker translates does not come to it" no_message proxy-bypass .
listen=0.0.0.0 port=8082
proxy -proto tcp -host-ip 0.0.0.0 -host-port 8082 -container-ip 172.17.0.2 -container-port 80
try "proxy: what nothing translates does" finds 1 'warning proxy-bypass'
try "proxy: it is named" message proxy-bypass 'for 8082/tcp,'
end "$dockerd" "${proxies[@]}"

# ---- a chain that others fill ----

write_conf <<-'END'
chain "DOCKER-USER" {
    rules = { "-i ens3 -j bans", "-i ens3 -p tcp --dport 80 -s 203.0.113.200 -j DROP" }
}
chain "bans" { filled-by = "others" }
END
clear_tables
docker_native
try "others: DOCKER-USER is needed" finds 2 'critical user-chain-missing,critical user-jump-missing,critical rule-missing,critical guard-missing,critical docker-nftables'
try "others: a repair" dockfw 0 --repair
iptables-nft -A bans -s 203.0.113.123 -j REJECT
try "others: what they put in stays" finds 0 'ok docker-leftover'
try "others: and refuses" refused "$allowed" 198.51.100.10
try "others: the rules hold as well" not reaches "$outsider" 198.51.100.10

# ---- a family that is left out ----

section
sed -i '1i families = { "ipv4" }' "$CONF"
clear_tables
docker_native
try "one family: a repair" dockfw 1 --repair
try "one family: the other has a network" finds 1 'warning family-left-out'
try "one family: by its chains" message family-left-out 'Docker has chains in it'
nft delete table ip6 docker-bridges
try "one family: the other has only addresses" finds 1 'warning family-left-out'
try "one family: by the bridge" message family-left-out "forwards to Docker's bridge docker0"
sysctl -qw net.ipv6.conf.all.forwarding=0
try "one family: unless the host does not forward" finds 0 ''
if sysctl -qw net.ipv6.conf.{ens3,docker0}.force_forwarding=1 2>/dev/null; then
	try "one family: but forced on one interface it does" finds 1 'warning family-left-out'
	try "… and the kernel forwards" reaches "$outsider" fd00:17::2
	sysctl -qw net.ipv6.conf.{ens3,docker0}.force_forwarding=0
fi
sysctl -qw net.ipv6.conf.all.forwarding=1

# ---- Docker's own tables are not whole ----

section
clear_tables
docker_native
dockfw 0 --repair
dockerd --firewall-backend=nftables
clear_native() { for family in ip ip6; do nft delete table $family docker-bridges; done; }
try "whole" finds 0 ''
try "whole: --wait sees it" dockfw 0 --wait 20
no_warning() { dockfw 0 "$@" && ! grep . "$WORK/err"; }
try "whole: --exposure has no warning" no_warning --exposure
end "$dockerd"
dockerd
try "whole: nor without a setting of dockerd" no_warning --exposure
end "$dockerd"
dockerd --firewall-backend=nftables
nft delete chain ip docker-bridges nat-PREROUTING
try "a base chain gone" finds 2 'critical docker-chains-missing'
try "it is named" message docker-chains-missing 'the base chain nat-PREROUTING of its table .docker-bridges.'
docker_native
nft flush table ip6 docker-bridges
try "the rules gone" finds 2 'critical docker-chains-missing'
try "they are named" message docker-chains-missing 'the rules of chain filter-FORWARD'
docker_native
nft 'add table ip docker-bridges { flags dormant; }'
try "a dormant table" finds 2 'critical docker-chains-missing'
docker_native
clear_native
try "no table" finds 2 'critical docker-chains-missing'
try "it is not iptables' chains that are missing" message docker-chains-missing "its own nf_tables table"
try "the advice is not to wait for a watch" jq -e 'any(.findings[]; .remedy == "only dockerd can make its tables: run: systemctl restart docker")' "$WORK/out"
try "no repair makes DOCKER-USER for that" dockfw 2 --repair
try "none is there" not iptables-nft -S DOCKER-USER
end "$dockerd"
dockerd
echo '{ "firewall-backend": "nftables" }' >/etc/docker/daemon.json
try "daemon.json also sets it" finds 2 'critical docker-chains-missing'
try "with the same message" message docker-chains-missing "its own nf_tables table"
echo '{ "firewall-backend": 29 }' >/etc/docker/daemon.json
try "a setting that is neither" dockfw 2 --format=json
try "it is not known then" message docker-chains-missing 'firewall-backend to neither .iptables. nor .nftables.'
rm /etc/docker/daemon.json
end "$dockerd"
dockerd --firewall-backend=nftables
docker_native
nft flush ruleset
docker_native
try "flushed and made again by Docker: open" open_to_all
try "a repair closes" dockfw 0 --repair
try "closed" closed
systemctl_is <<-END
[ "\$1" != restart ] || nft -f '$WORK/own-tables'
END
{ docker_own ip; docker_own ip6; } >"$WORK/own-tables"
in_unit "$dockerd"
sed -i '1i docker-recovery = "restart"' "$CONF"
nft delete table ip docker-bridges && nft delete table ip6 docker-bridges
try "recovery: Docker is restarted, and all is right" dockfw 0 --repair
try "recovery: there they are" finds 0 ''
out_of_unit "$dockerd"
end "$dockerd"

# ---- the watch ----

# until COMMAND…: passes if the command succeeds within 10 s.
until_ok() {
	local tries
	for tries in {1..100}; do "$@" >/dev/null 2>&1 && return; sleep 0.1; done
	echo "not after $tries tries"
	"$@"
}
write_conf <<-'END'
outside = { "ens3" }
direct  = "refuse"
publish "80/tcp" { allow = { "203.0.113.123", "2001:db8:113::123" } }
END
clear_tables
docker_native
"$DOCKFW" -f "$CONF" --watch >"$WORK/watch" 2>&1 & watch=$!
try "watch: repairs at its start" until_ok has 'oifname "docker0"'
nft add chain ip docker-bridges filter-forward-in__br-123456789abc
try "watch: a new network is closed as well" until_ok has 'oifname "br-123456789abc"' ip
nft flush ruleset
docker_native
try "watch: what was flushed is there again" until_ok has 'oifname "docker0"'
try "watch: closed" until_ok closed
kill "$watch" && wait "$watch"

# ---- before Docker starts ----

section
clear_tables
echo '{ "firewall-backend": "nftables" }' >/etc/docker/daemon.json
try "daemon.json: only the guard is missing" finds 1 'warning guard-missing'
try "daemon.json: a repair" dockfw 0 --repair
try "daemon.json: without DOCKER-USER" not iptables-nft -S DOCKER-USER
docker_native
try "daemon.json: Docker starts: closed from the beginning" closed
try "daemon.json: right" finds 0 ''
rm /etc/docker/daemon.json
clear_tables
dockfw 0 --repair
docker_native
try "not known: DOCKER-USER is made, and held" finds 0 ''
try "not known: it is a fact" dockfw 0 -v
try "not known: closed" closed
try "a removal takes all of it" dockfw 0 --remove
try "a removal: DOCKER-USER is gone" not iptables-nft -S DOCKER-USER
try "a removal: the guard is gone" not nft list table ip dockfw
try "a removal: Docker's tables stay" nft list table ip docker-bridges

# ---- changes of backend ----

# knock FILE: the outsider tries without pause, in both families, until the file is gone.
knock() {
	: >"$1"
	knocking=()
	for address in 198.51.100.10 2001:db8:51::10; do
		ip netns exec "$outsider" python3 - "$address" "$1" >"$1.$address" <<-'END' &
			import os, socket, sys
			answers = tries = 0
			while os.path.exists(sys.argv[2]):
			    tries += 1
			    try:
			        with socket.create_connection((sys.argv[1], 80), 1) as c:
			            answers += c.recv(16) == b"answer\n"
			    except OSError:
			        pass
			print(answers, tries)
		END
		knocking+=($!)
	done
}
# knocked FILE: nobody was answered, and both have tried.
knocked() {
	rm "$1"
	wait "${knocking[@]}"
	cat "$1".*
	! grep -vqE '^0 [1-9][0-9]*$' "$1".*
}

for KIND in nft legacy; do
	section
	clear_tables
	load docker-28.5 && load docker-28.5.ipv6 ip6tables
	dockfw 0 --repair
	iptables-$KIND -P FORWARD ACCEPT
	ip6tables-$KIND -P FORWARD ACCEPT
	KINDS=$KIND KIND=auto
	knock "$WORK/knock"
	KIND=$KINDS docker_native
	KIND=$KINDS docker_leaves_iptables
	docker_native # a restart
	try "$KINDS to nf_tables: the left DOCKER-USER is held" finds 0 ''
	try "$KINDS to nf_tables: it is a fact" finds 0 'ok docker-leftover'
	try "$KINDS to nf_tables: nothing to repair" silent dockfw 0 --repair
	for command in iptables ip6tables; do
		"$command-$KINDS" -D FORWARD -j DOCKER-USER && "$command-$KINDS" -F DOCKER-USER && "$command-$KINDS" -X DOCKER-USER
	done
	try "$KINDS to nf_tables: without it: right" dockfw 0 --repair
	try "$KINDS to nf_tables: and no fact" finds 0 ''
	try "$KINDS to nf_tables: the allowed clients get in" reaches "$allowed" 198.51.100.10
	nft delete table ip docker-bridges && nft delete table ip6 docker-bridges
	KIND=$KINDS load docker-28.5 && KIND=$KINDS load docker-28.5.ipv6 ip6tables
	iptables-$KINDS -P FORWARD ACCEPT
	ip6tables-$KINDS -P FORWARD ACCEPT
	try "$KINDS back to iptables: found" finds 2 'critical rule-missing'
	try "$KINDS back to iptables: a repair" dockfw 0 --repair
	try "$KINDS back to iptables: right" finds 0 ''
	try "$KINDS: all the time, the outsider was refused" knocked "$WORK/knock"
	try "$KINDS: the allowed client gets in" closed
	KIND=$KINDS
done

# ---- what is left ----

for KIND in nft legacy; do
	section
	clear_tables
	load docker-28.5 && load docker-28.5.ipv6 ip6tables
	dockfw 0 --repair
	docker_native
	docker_leaves_iptables
	kind=$KIND KIND=auto
	try "$kind left: the policy DROP" finds 2 'critical docker-leftover'
	try "$kind left: it is named" message docker-leftover "FORWARD of iptables-$kind has policy DROP.*docker0"
	try "$kind left: and true" not reaches "$allowed" 198.51.100.10
	# Bans of others let nothing pass.
	iptables-$kind -N f2b-web && iptables-$kind -A f2b-web -s 192.0.2.66 -j REJECT &&
		iptables-$kind -A f2b-web -j RETURN && iptables-$kind -I DOCKER-USER -j f2b-web
	iptables-$kind -I DOCKER-USER -s 192.0.2.66 -j DROP
	try "$kind left: also where others have bans" left_is critical 'FORWARD of iptables-'
	iptables-$kind -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
	try "$kind left: also where open connections pass" left_is critical 'FORWARD of iptables-'
	iptables-$kind -D FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
	try "$kind left: and nothing gets in" not reaches "$allowed" 198.51.100.10
	iptables-$kind -D DOCKER-USER -j f2b-web && iptables-$kind -F f2b-web && iptables-$kind -X f2b-web
	iptables-$kind -D DOCKER-USER -s 192.0.2.66 -j DROP
	for command in iptables-$kind ip6tables-$kind; do
		$command -A FORWARD -o docker0 -j ACCEPT && $command -A FORWARD -i docker0 -j ACCEPT
	done
	try "$kind left: accepted for the bridge" finds 0 'ok docker-leftover'
	try "$kind left: closed to others" closed
	iptables-$kind -D FORWARD -o docker0 -j ACCEPT
	iptables-$kind -N ufw-before-forward && iptables-$kind -A FORWARD -j ufw-before-forward
	try "$kind left: a policy where others have rules" finds 1 'warning docker-leftover,ok docker-leftover'
	try "$kind left: they are named" message docker-leftover 'also packets that Docker.s own table accepts for docker0; its rules are of ufw .1 rule.'
	iptables-$kind -A FORWARD -o docker0 -j ACCEPT
	iptables-$kind -A DOCKER-USER -p tcp --dport 80 -j DROP
	try "$kind left: a rule of others in DOCKER-USER" finds 1 'warning docker-leftover,ok docker-leftover'
	try "$kind left: it stays" dockfw 1 --repair
	try "$kind left: it is still there" iptables-$kind -C DOCKER-USER -p tcp --dport 80 -j DROP
	try "$kind left: capture has it, and not the guard of docker-proxy" dockfw 1 --capture
	try "$kind left: as a rule" grep -q 'dport 80 -j DROP' "$WORK/out"
	KIND=$kind
done
section
clear_tables
docker_native
try "legacy, as configured: a repair" dockfw 0 --repair
try "legacy: right, without DOCKER-USER" finds 0 ''
try "legacy: closed" closed
KIND=auto
try "nothing left: capture says so" dockfw 3 --capture
try "nothing left: and how to begin" grep -q 'there is no chain DOCKER-USER to capture: .*publish section' "$WORK/err"
iptables-nft -N DOCKER-USER
try "left empty: capture" dockfw 1 --capture
try "left empty: says how to begin" grep -q 'publish' "$WORK/err"

# Docker's chains in legacy, where nothing of its cleanup comes.
section
clear_tables
KIND=legacy load docker-28.5
docker_native
dockerd --firewall-backend=nftables
KIND=auto
dockfw 2 --repair
try "chains left: found" finds 2 'critical docker-leftover,warning docker-leftover'
try "chains left: also in nat" message docker-leftover 'those of nat there still translate'
jq -r '.findings[].message' "$WORK/out" | sed -n 's/.*delete those of filter with: //p' >"$WORK/commands"
iptables-legacy -P FORWARD ACCEPT
try "chains left: the commands delete them" sh -ec "$(cat "$WORK/commands")"
try "chains left: and nothing else" finds 0 'ok docker-leftover,ok port-unlisted'
try "chains left: closed" closed
end "$dockerd"

# After a downgrade.
clear_tables
KIND=nft load docker-28.5 && KIND=nft load docker-28.5.ipv6 ip6tables
docker_native
dockerd
dockfw 1 --repair
try "downgrade: not certain" finds 1 'warning docker-leftover'
try "downgrade: no command then" no_message docker-leftover 'nft delete'
end "$dockerd"
dockerd --firewall-backend iptables
try "downgrade: certain" finds 1 'warning docker-leftover'
try "downgrade: with a command" message docker-leftover 'nft delete table ip docker-bridges$'
nft add chain ip docker-bridges mine
try "downgrade: not if the table has more" finds 1 'warning docker-leftover'
try "downgrade: no command" no_message docker-leftover 'delete table ip docker'
nft delete table ip docker-bridges && nft delete table ip6 docker-bridges
try "downgrade: deleted" finds 0 ''
end "$dockerd"
finish
