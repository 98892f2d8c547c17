#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A repair of nf_tables that is killed or whose system calls fail.
# shellcheck source=tests/kill/lib.sh
. "${0%/*}/lib.sh"

KIND=nft
MODES="kill" kills "nft, both families"
kills "nft" -4
finish
