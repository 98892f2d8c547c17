#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# In a network namespace of its own: the iptables-nft of a release writes rules, whose form
# depends on the release, and the program here must read each completely, and as equal to its
# text. Releases up to 1.8.7 wrote some rules as others (a mask with gaps as a shorter prefix,
# "! -i +" as nothing): these must equal what the release itself lists.
# read.sh ROOT FOLDER BUILD-FOLDER, started by run.sh
set -u
root=$1 dir=$2 tool=$3/tools/nft-backend status=0
here=$(cd "$(dirname "$0")" && pwd)
cp "$here/write.sh" "$here"/../nft/rules.ipv[46] "$dir"
"$here/inside.sh" "$dir/root" "$root" "$dir" sh write.sh || { echo "the rules could not be written"; exit 1; }
held() { "$tool" has "$family" filter FROM "$1" 2>&1 | grep -q '^[1-9]'; }
for family in ipv4 ipv6; do
	read=0 lost=0
	"$tool" dump filter >"$dir/dump" || status=1
	! grep opaque "$dir/dump" || { echo "$family: rules that are not understood"; status=1; }
	while IFS= read -r rule && IFS= read -r listed <&3; do
		[[ $rule != -c* ]] || rule=$(cut -d ' ' -f 4- <<<"$rule")
		if held "$rule"; then
			read=$((read + 1))
		elif held "$listed"; then
			lost=$((lost + 1))
		else
			echo "$family: not read as it was written: $rule"
			status=1
		fi
	done <"$dir/taken.$family" 3<"$dir/listed.$family"
	echo "$family: $read rules are read as they were written, $lost as the release lists them"
	[ $read -ge 40 ] || status=1
done
exit $status
