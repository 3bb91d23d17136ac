"""Captures made for a test: TCP segments as Ethernet frames, and pcap files of them."""
import socket
import struct

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
CLIENT, SERVER = ("10.0.0.1", 40000), ("10.0.0.2", 80)


def frame(source, destination, flags, sequence, acknowledgment=0, payload=b""):
    """Checksums stay 0, as on a host whose card fills them in."""
    tcp = struct.pack("!HHIIBBHHH", source[1], destination[1], sequence, acknowledgment, 5 << 4, flags, 65535, 0, 0)
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40 + len(payload), 0, 0, 64, 6, 0, socket.inet_aton(source[0]),
                     socket.inet_aton(destination[0]))
    return b"\x02" * 12 + b"\x08\x00" + ip + tcp + payload


def conversation(said=b"hello", answer=b"world", client=CLIENT, server=SERVER, close=True):
    """The frames of a whole connection."""
    def ahead(flags, sequence, acknowledgment, payload=b""):
        return frame(client, server, flags, sequence, acknowledgment, payload)

    def back(flags, sequence, acknowledgment, payload=b""):
        return frame(server, client, flags, sequence, acknowledgment, payload)

    s, a = 101 + len(said), 501 + len(answer)
    frames = [ahead(SYN, 100, 0), back(SYN | ACK, 500, 101), ahead(ACK, 101, 501)]
    if said:
        frames.append(ahead(PSH | ACK, 101, 501, said))
    if answer:
        frames.append(back(PSH | ACK, 501, s, answer))
    if close:
        frames += [ahead(FIN | ACK, s, a), back(FIN | ACK, a, s + 1), ahead(ACK, s + 1, a + 1)]
    return frames


def with_gap():
    """The client says "ab", then three bytes that are missing, then "fg"."""
    frames = conversation(b"", b"", close=False)
    frames += [frame(CLIENT, SERVER, ACK, 101, 501, b"ab"), frame(CLIENT, SERVER, ACK, 106, 501, b"fg"),
               frame(CLIENT, SERVER, FIN | ACK, 108, 501), frame(SERVER, CLIENT, FIN | ACK, 501, 109),
               frame(CLIENT, SERVER, ACK, 109, 502)]
    return frames


def with_conflict():
    """The client says "ab" twice, the second time as "aX"."""
    frames = conversation(b"", b"", close=False)
    frames += [frame(CLIENT, SERVER, ACK, 101, 501, b"ab"), frame(CLIENT, SERVER, ACK, 101, 501, b"aX"),
               frame(CLIENT, SERVER, FIN | ACK, 103, 501), frame(SERVER, CLIENT, FIN | ACK, 501, 104),
               frame(CLIENT, SERVER, ACK, 104, 502)]
    return frames


def pcap(frames, first_ns=1_700_000_000_000_000_000, step_ns=1_000_000):
    """A pcap file in ns, as bytes."""
    parts = [struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 1)]
    for number, one in enumerate(frames):
        seconds, ns = divmod(first_ns + number * step_ns, 1_000_000_000)
        parts.append(struct.pack("<IIII", seconds, ns, len(one), len(one)) + one)
    return b"".join(parts)
