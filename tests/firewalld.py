# SPDX-License-Identifier: GPL-2.0-or-later
"""firewalld.py: the tables of firewalld, as its own code writes them from /etc/firewalld, without
D-Bus. They last until the input ends: firewalld owns its table. The file "panic" is panic mode."""
import os
import sys

from firewall.core.fw import Firewall

firewall = Firewall()
firewall.start()
if os.path.exists("/etc/firewalld/panic"):
    firewall.enable_panic_mode()
print("ready", flush=True)
sys.stdin.read()
firewall.stop()
