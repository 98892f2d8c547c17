#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The backend is the one that holds Docker's chains, or else that of the iptables command.
. "$(dirname "$0")/lib.sh"
need_legacy
command -v iptables-nft >/dev/null || skip "no iptables-nft"

is() { expect 0 "^$1\$" "$TOOL" detect; }

case $(readlink -f /usr/sbin/iptables /sbin/iptables 2>/dev/null | head -n 1) in
*legacy*) command=legacy ;;
*) command=nft ;;
esac

is $command
# DOCKER-USER may belong to any program, but chains that were flushed come back to where it is.
for kind in nft legacy; do
	"iptables-$kind" -N DOCKER-USER
	is $kind
	"iptables-$kind" -X DOCKER-USER
done
is $command
iptables-nft -N DOCKER-USER
iptables-legacy -N DOCKER-USER
is $command
nft 'add table ip filter { flags dormant; }'
is legacy
nft 'add table ip filter'
is $command
iptables-legacy -N DOCKER-FORWARD
is legacy
iptables-nft -N DOCKER
is $command
iptables-legacy -X DOCKER-FORWARD
is nft
iptables-nft -X DOCKER
ip6tables-legacy -N DOCKER
is legacy

# dockerd has chains in nat as well. A chain in filter only, as one is left by hand or by a
# removal that has failed, must not make those of a running Docker a leftover.
ip6tables-legacy -X DOCKER
for kind in nft legacy; do
	other=legacy
	[ $kind = nft ] || other=nft
	"iptables-$kind" -N DOCKER
	"iptables-$kind" -t nat -N DOCKER
	"iptables-$other" -N DOCKER
	is $kind
	"iptables-$other" -t nat -N DOCKER
	is $command
	# The kernel evaluates no chain of a dormant table.
	for table in filter nat; do
		nft "add table ip $table { flags dormant; }"
		is legacy
		nft "add table ip $table"
		is $command
	done
	for table in filter nat; do
		"iptables-$kind" -t $table -X DOCKER
		"iptables-$other" -t $table -X DOCKER
	done
done
# Without others, it is the one to report.
iptables-nft -N DOCKER
nft 'add table ip filter { flags dormant; }'
is nft
