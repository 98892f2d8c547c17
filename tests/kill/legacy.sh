#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A repair of ip_tables that is killed or whose system calls fail.
# shellcheck source=tests/kill/lib.sh
. "${0%/*}/lib.sh"

KIND=legacy
MODES="kill" kills "legacy, both families"
kills "legacy" -4
finish
