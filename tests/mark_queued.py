#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Lets every packet of an NFQUEUE through with a mark: mark_queued.py QUEUE MARK. Prints a line when it is ready."""
import socket
import struct
import sys

QUEUE, MARK = int(sys.argv[1]), int(sys.argv[2])
SUBSYSTEM = 3 << 8  # NFNL_SUBSYS_QUEUE
PACKET, VERDICT, CONFIG = 0, 1, 2
netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)  # NETLINK_NETFILTER
netlink.bind((0, 0))


def attribute(kind, data):
    return struct.pack("=HH", len(data) + 4, kind) + data + bytes(-len(data) % 4)


def send(kind, *attributes):
    body = struct.pack("!BBH", 0, 0, QUEUE) + b"".join(attributes)
    netlink.send(struct.pack("=IHHII", len(body) + 16, SUBSYSTEM | kind, 1, 0, 0) + body)


send(CONFIG, attribute(1, struct.pack("!BBH", 1, 0, 0)))  # NFQNL_CFG_CMD_BIND
send(CONFIG, attribute(2, struct.pack("!IB", 0, 1)))  # NFQNL_COPY_META
print(flush=True)
while True:
    message = netlink.recv(65536)
    if struct.unpack_from("=H", message, 4)[0] != SUBSYSTEM | PACKET:
        continue
    number = struct.unpack_from("!I", message, 24)[0]  # NFQA_PACKET_HDR comes first
    send(VERDICT, attribute(2, struct.pack("!II", 1, number)), attribute(3, struct.pack("!I", MARK)))
