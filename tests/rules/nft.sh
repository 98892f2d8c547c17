#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every rule of the lists, as iptables-nft has it and as the program has it.
here=$(cd "$(dirname "$0")" && pwd)
exec "$here/compare.sh" "${BUILD:-$here/../../build}/tools/spec-tool" nft
