"""Captures of TCP conversations made without a network: the same arguments give the same file.

    capture = Capture(file)
    talk = Talk(capture, number=0)
    talk.open()
    talk.say(CLIENT, b"GET / HTTP/1.1\\r\\n\\r\\n")
    talk.close()

Sums are right, each side acknowledges every second segment, and a packet is 10 µs behind the last one.
"""
import struct

CLIENT, SERVER = 0, 1
FIN, SYN, PSH, ACK = 1, 2, 8, 16
SEGMENT_SIZE = 1460
STEP_NS = 10_000
FIRST_NS = 1_700_000_000 * 1_000_000_000
LINK = b"\x02\0\0\0\0\2\x02\0\0\0\0\1\x08\0"
BUFFER_SIZE = 1 << 20


def checksum(data):
    """The Internet checksum of an even number of bytes: 65,535 divides what a word that moves up is worth, less one."""
    rest = int.from_bytes(data, "big") % 0xFFFF
    return 0xFFFF - rest if rest else 0 if any(data) else 0xFFFF


class Capture:
    """Writes pcap, with nanoseconds, to a file that is open."""

    def __init__(self, file):
        self.file, self.now_ns, self.packets = file, FIRST_NS, 0
        self.buffer = bytearray(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 1))

    def write(self, frame):
        seconds, ns = divmod(self.now_ns, 1_000_000_000)
        self.buffer += struct.pack("<IIII", seconds, ns, len(frame), len(frame)) + frame
        self.now_ns += STEP_NS
        self.packets += 1
        if len(self.buffer) >= BUFFER_SIZE:
            self.flush()

    def flush(self):
        self.file.write(self.buffer)
        self.buffer.clear()


class Talk:
    """One connection; `number` decides its addresses and ports."""

    def __init__(self, capture, number, server_port=80):
        client, server = bytes([10, *number.to_bytes(4, "big")[1:]]), bytes([192, 0, 2, 1 + number % 250])
        port = 1024 + number % 60_000
        self.capture, self.unacknowledged = capture, 0
        self.next = [1000 + number, 5_000_000 + number]
        self.address = [client + server, server + client]
        self.ports = [struct.pack("!HH", port, server_port), struct.pack("!HH", server_port, port)]
        self.sums = [self.ip_sum(pair) for pair in self.address]

    @staticmethod
    def ip_sum(addresses):
        return int.from_bytes(b"\x45\0\0\0\0\0\x40\0\x40\x06\0\0" + addresses, "big") % 0xFFFF

    def segment(self, side, flags, payload=b""):
        size = 20 + len(payload)
        acknowledged = self.next[1 - side] & 0xFFFFFFFF if flags & ACK else 0
        head = struct.pack("!IIBBH", self.next[side] & 0xFFFFFFFF, acknowledged, 5 << 4, flags, 0xFFFF)
        head = self.ports[side] + head
        tcp_sum = checksum(self.address[side] + struct.pack("!HH", 6, size) + head + payload + bytes(len(payload) & 1))
        ip_sum = 0xFFFF - (self.sums[side] + size + 20) % 0xFFFF
        ip = b"\x45\0" + struct.pack("!H", size + 20) + b"\0\0\x40\0\x40\x06" + struct.pack("!H", ip_sum)
        self.capture.write(LINK + ip + self.address[side] + head + struct.pack("!HH", tcp_sum, 0) + payload)
        self.next[side] += len(payload) + (1 if flags & (SYN | FIN) else 0)

    def open(self):
        self.segment(CLIENT, SYN)
        self.segment(SERVER, SYN | ACK)
        self.segment(CLIENT, ACK)

    def say(self, side, data):
        for at in range(0, len(data), SEGMENT_SIZE):
            self.segment(side, PSH | ACK, data[at:at + SEGMENT_SIZE])
            self.unacknowledged += 1
            if self.unacknowledged == 2:
                self.segment(1 - side, ACK)
                self.unacknowledged = 0

    def close(self):
        self.segment(CLIENT, FIN | ACK)
        self.segment(SERVER, FIN | ACK)
        self.segment(CLIENT, ACK)
