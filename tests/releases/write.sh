#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# In the root file system of a release: puts each rule of the lists into the chain FROM, by
# the release's iptables-nft, and the text of each that it took into taken.FAMILY.
iptables-nft -V
for family in ipv4 ipv6; do
	command=iptables-nft
	[ $family = ipv4 ] || command=ip6tables-nft
	$command -N OTHER && $command -A OTHER -j RETURN && $command -N FROM || exit 1
	: >taken.$family
	while IFS= read -r rule; do
		printf '*filter\n-A FROM %s\nCOMMIT\n' "$rule" >rule
		! $command-restore --noflush rule >/dev/null 2>&1 || printf '%s\n' "$rule" >>taken.$family
	done <rules.$family
done
