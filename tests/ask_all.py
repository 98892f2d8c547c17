#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""ask_all.py [SECONDS]: reads lines ADDRESS PORT [SOURCE-PORT], connects to all of them together,
and prints each line with 0 if the server answers, 1 if it refuses, and 2 if it does neither in
that time, which is 2 seconds unless it is given."""
import concurrent.futures
import socket
import sys
import time

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 2


def ask(line):
    address, port, *source = line.split()
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as connection:
        connection.settimeout(SECONDS)
        if source:
            # The same port may be in use for IPv4.
            if ":" in address:
                connection.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            connection.bind(("", int(source[0])))
        try:
            connection.connect((address, int(port)))
            return 0 if connection.recv(16) == b"answer\n" else 2
        except (ConnectionRefusedError, PermissionError):
            return 1
        except OSError:
            return 2


def paced(lines):
    """The lines, not in one burst: the kernel refuses only so many at once (icmp_msgs_burst)."""
    for line in lines:
        yield line
        time.sleep(0.01)


lines = sys.stdin.read().splitlines()
with concurrent.futures.ThreadPoolExecutor(len(lines)) as pool:
    for line, result in zip(lines, pool.map(ask, paced(lines))):
        print(line, result)
