#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --watch notices what nf_tables announces without the name by which it was known: a chain that is
# renamed, and a table that is switched off. The guard is off: nothing else refuses.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "$TESTS/hosts.sh"
# shellcheck source=tests/dockerd.sh
. "$TESTS/dockerd.sh"
# shellcheck source=tests/watching.sh
. "$TESTS/watching.sh"

is_refused() { refused "$outsider" 198.51.100.10; }
has_chain() { ipt -t "$1" -S "$2"; }
# A second of quiet, in which nothing else causes a look.
quiet() { sleep 2 && no_events; }
looks() { sed -n "s/^dockfw_watch_looks_total //p" "$WORK/prom"; }
counted() { [ -n "$(looks)" ]; }
# Chains of others come, are renamed and go.
others() {
	local _
	for _ in {1..5}; do
		ipt -N OTHERS && ipt -E OTHERS ELSE && ipt -X ELSE && sleep 0.3
	done
}
no_looks() {
	local before
	before=$(looks)
	others && sleep 0.5 && [ "$(looks)" = "$before" ]
}

# shellcheck disable=SC2034 # for lib.sh
KIND=nft GUARD=off
hosts_up
load docker-28.5 && load docker-28.5.ipv6 ip6tables
two_rules
try "dockerd runs" dockerd
try "a watch" watch
try "repairs" until_true is_refused
sleep 3 # it keeps Docker's chains once they have been quiet
no_events

rename() { ipt -E DOCKER-USER OLD && ipt -D OLD 1 && ipt -D OLD 1; }
try "DOCKER-USER is renamed, and then emptied" rename
try "which is repaired" event '.event == "repaired"'
try "everybody else is refused" until_true is_refused
try "and who may is served" reaches "$allowed" 198.51.100.10
quiet
try "the same without a change of its rules" ipt -E DOCKER-USER OLDER
try "is repaired" event '.event == "repaired" and (.culprit.name | startswith("iptables"))'
quiet
try "Docker's chain of nat is renamed" ipt -t nat -E DOCKER OLD
try "it is brought back" event '.event == "restored"'
try "with its name" until_true has_chain nat DOCKER
quiet
try "a table is made dormant" nft 'add table ip filter { flags dormant; }'
try "which is reported, with who did it" event '.event == "wrong" and .culprit.name == "nft"'
no_events
try "it is switched on again" nft 'add table ip filter'
try "which is reported" event '.event == "right"'
try "the end" stop

# ---- what is not of interest ----
"$DOCKFW" -f "$CONF" -b nft --watch --format=prometheus -o "$WORK/prom" >"$WORK/events" 2>"$WORK/reported" &
watch=$!
try "a watch that counts" until_true counted
sleep 3
try "new and renamed chains of others cause no look" no_looks
try "its end" stop

# ---- what the host's own firewall leads to ----
clear_tables # the renamed chains refuse as well
load docker-28.5 && load docker-28.5.ipv6 ip6tables
write_conf <<-'END'
	outside  = { "ens3" }
	unlisted = "host-firewall"
END
sed -i '/^guard/d' "$CONF"
ipt -N OTHERS && ipt -A OTHERS -s 203.0.113.200 -j REJECT && ipt -A INPUT -i ens3 -j OTHERS
ip6tables-nft -A INPUT -i ens3 -s 2001:db8:113::99 -j REJECT
try "the host's own firewall" watch
try "refuses in a chain that INPUT leads to" until_true is_refused
ipt -E OTHERS ELSE && sleep 1 && ipt -F ELSE
try "that chain is renamed, and emptied: who it refused is served" until_true reaches "$outsider" 198.51.100.10
try "and that is the end" stop
end "$dockerd"
finish
