#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""echo.py PORT: sends back what comes on each IPv4 TCP connection. Prints "ready" once it listens.

echo.py ADDRESS PORT: opens one and prints "ready", then sends each line of its input and prints
what comes back within a second, else "nothing".
"""
import socket
import sys
import threading


def send_back(connection):
    """Until the client closes."""
    with connection:
        while data := connection.recv(100):
            connection.sendall(data)


def serve(port):
    """Until it is killed."""
    server = socket.create_server(("", port))
    print("ready", flush=True)
    while True:
        threading.Thread(target=send_back, args=(server.accept()[0],), daemon=True).start()


def talk(address, port):
    """Until its input ends."""
    connection = socket.create_connection((address, port), timeout=5)
    connection.settimeout(1)
    print("ready", flush=True)
    for line in sys.stdin:
        try:
            connection.sendall(line.encode())
            print(connection.recv(100).decode().strip(), flush=True)
        except OSError:
            print("nothing", flush=True)


if len(sys.argv) == 2:
    serve(int(sys.argv[1]))
talk(sys.argv[1], int(sys.argv[2]))
