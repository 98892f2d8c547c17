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
# DOCKER-USER may belong to any program.
iptables-nft -N DOCKER-USER
iptables-legacy -N DOCKER-USER
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
