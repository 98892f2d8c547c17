#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""pairs.py SECONDS <PAIRS: tries TCP connections all at once, for at most that long.

Each line is "SOURCE DESTINATION PORT"; the same lines come out with "open" or "closed".
"""
import errno
import selectors
import socket
import sys
import time

end = time.monotonic() + float(sys.argv[1])
selector = selectors.DefaultSelector()
pairs = [line.split() for line in sys.stdin]
open_ = set()
waiting = 0
for number, (source, destination, port) in enumerate(pairs):
    connection = socket.socket(socket.AF_INET6 if ":" in source else socket.AF_INET)
    connection.setblocking(False)
    connection.bind((source, 0))
    status = connection.connect_ex((destination, int(port)))
    if status == 0:
        open_.add(number)
    elif status == errno.EINPROGRESS:
        selector.register(connection, selectors.EVENT_WRITE, number)
        waiting += 1
while waiting and time.monotonic() < end:
    for key, _ in selector.select(end - time.monotonic()):
        if key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
            open_.add(key.data)
        selector.unregister(key.fileobj)
        waiting -= 1
for number, pair in enumerate(pairs):
    print(*pair, "open" if number in open_ else "closed")
