# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Sourced first by each test of the nf_tables backend, see tests/backend.sh.

TOOL=nft-backend NEEDED=(iptables-nft ip6tables-nft)
# shellcheck source=tests/backend.sh
. "${BASH_SOURCE[0]%/*}/../backend.sh"

iptables-nft -S >/dev/null 2>&1 || skip "this kernel has no nf_tables"

# iptables of a family: ipt ipv4 -A …
ipt()
{
	local family=$1
	shift
	case $family in
	ipv4) iptables-nft "$@" ;;
	ipv6) ip6tables-nft "$@" ;;
	esac
}

ipt_path() # FAMILY
{
	case $1 in
	ipv4) command -v iptables-nft ;;
	ipv6) command -v ip6tables-nft ;;
	esac
}
