#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Compares iptables-legacy and the program for every rule of the lists.
here=$(cd "$(dirname "$0")" && pwd)
exec "$here/compare.sh" "${BUILD:-$here/../../build}/tools/spec-tool" legacy
