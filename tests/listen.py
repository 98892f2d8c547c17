#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""listen.py PORT…: accepts TCP connections on each port, IPv4 and IPv6, and closes them.

Prints "ready" once it listens.
"""
import selectors
import socket
import sys

selector = selectors.DefaultSelector()
for port in sys.argv[1:]:
    server = socket.socket(socket.AF_INET6)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    server.bind(("::", int(port)))
    server.listen(1024)
    selector.register(server, selectors.EVENT_READ)
print("ready", flush=True)
while True:
    for key, _ in selector.select():
        try:
            key.fileobj.accept()[0].close()
        except OSError:
            pass
