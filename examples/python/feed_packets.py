#!/usr/bin/env python3
"""Packets of your own into streams: feed_packets.py CAPTURE.pcapng

Whatever brings packets as bytes will do: scapy's sniff(), a socket, dpkt's reader. Here a few lines read pcapng.
"""
import struct
import sys

import restitch


class Printer(restitch.Stream):
    def __init__(self, opening):
        self.name = f"{opening.client} -> {opening.server}"
        self.sizes = {"client": 0, "server": 0}

    def deliver(self, delivery):
        if delivery.skipped > 0:
            print(f"{self.name}: {delivery.skipped} bytes are missing")
        self.sizes[delivery.direction] += len(delivery.data)  # the bytes are lent: bytes(delivery.data) is a copy

    def complete(self, end):
        print(f"{self.name}: {self.sizes['client']} and {self.sizes['server']} bytes, ended: {end}")


def packets(path):
    """(time in ns, frame) of each enhanced packet block of a little-endian pcapng in ns or, by default, us."""
    with open(path, "rb") as file:
        scale = 1000
        while head := file.read(8):
            kind, size = struct.unpack("<II", head)
            body = file.read(size - 8)
            if kind == 1 and b"\x09\x00\x01\x00\x09" in body:
                scale = 1
            if kind == 6:
                _, high, low, captured, _ = struct.unpack_from("<IIIII", body)
                yield (high << 32 | low) * scale, body[20:20 + captured]


with restitch.Assembler(Printer) as assembler:
    for time_ns, frame in packets(sys.argv[1]):
        assembler.packet(frame, time_ns=time_ns)
