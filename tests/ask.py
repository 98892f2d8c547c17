#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""ask.py ADDRESS PORT: exit status 0 if the server answers, 1 if refused, 2 otherwise."""
import socket
import sys

try:
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), 2) as connection:
        sys.exit(0 if connection.recv(16) == b"answer\n" else 2)
except (ConnectionRefusedError, PermissionError) as e:
    print(e)
    sys.exit(1)
except OSError as e:
    print(e)
    sys.exit(2)
