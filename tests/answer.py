#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Answers each TCP connection on a port, IPv4 and IPv6, with a word.

With "-host-ip ::" after the port, as docker-proxy has, only IPv6, unless "-dual" follows.

Prints "ready" once it listens.
"""
import socket
import sys

server = socket.socket(socket.AF_INET6)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
only = "::" in sys.argv and "-dual" not in sys.argv
server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only)
server.bind(("::", int(sys.argv[1])))
server.listen(64)
print("ready", flush=True)
while True:
    try:
        connection, _ = server.accept()
        with connection:
            connection.sendall(b"answer\n")
    except OSError:
        pass
