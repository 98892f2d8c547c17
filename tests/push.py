#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""push.py PORT: answers each TCP connection on a port, IPv4 and IPv6, with SIZE bytes.
push.py ADDRESS PORT: fetches them; exits with 1 if not all of them come within some seconds.

The server prints "ready" once it listens.
"""
import socket
import sys

SIZE = 200000
PATIENCE = 4


def serve(port):
    """Sends in full packets, as large as the ways allow."""
    server = socket.socket(socket.AF_INET6)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    server.bind(("::", port))
    server.listen(64)
    print("ready", flush=True)
    while True:
        try:
            connection, _ = server.accept()
            connection.settimeout(PATIENCE)
            with connection:
                connection.sendall(bytes(SIZE))
                connection.shutdown(socket.SHUT_WR)
                connection.recv(1)
        except OSError:
            pass


def fetch(address, port):
    """Returns how many bytes have come."""
    size = 0
    try:
        with socket.create_connection((address, port), timeout=PATIENCE) as connection:
            while part := connection.recv(65536):
                size += len(part)
    except OSError as why:
        print(why)
    return size


if len(sys.argv) == 2:
    serve(int(sys.argv[1]))
got = fetch(sys.argv[1], int(sys.argv[2]))
print(got, "bytes")
sys.exit(got != SIZE)
