#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# In the root file system of a release: puts each rule of the lists into the chain FROM, by
# the release's iptables-nft. The text of each that it took goes to taken.FAMILY, and to the
# same line of listed.FAMILY what it then lists.
iptables-nft -V
for family in ipv4 ipv6; do
	command=iptables-nft
	[ $family = ipv4 ] || command=ip6tables-nft
	$command -N OTHER && $command -A OTHER -j RETURN && $command -N FROM || exit 1
	: >taken.$family && : >listed.$family
	while IFS= read -r rule; do
		printf '*filter\n-A FROM %s\nCOMMIT\n' "$rule" >rule
		if $command-restore --noflush rule >/dev/null 2>&1; then
			printf '%s\n' "$rule" >>taken.$family
			$command -S FROM 2>>warnings | sed -n '$s/^-A FROM *//p' >>listed.$family
		fi
	done <rules.$family
done
