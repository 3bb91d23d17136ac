"""Captured TCP segments back into the byte streams that the endpoints exchanged.

    import restitch
    for c in restitch.connections("capture.pcap.zst", where="port 80"):
        print(c.client.endpoint, c.server.endpoint, len(c.client.data), c.server.gaps, c.events)

`connections` reads captures, and yields each TCP connection when it has ended. `run` reads them too, and calls
streams of yours while data comes; an `Assembler` does that with packets that you bring.
"""
import os
import warnings

from . import _restitch
from ._restitch import Counts, Delivery, Event, Gap, Opening, Piece, Segment

__all__ = ["Assembler", "Connection", "Connections", "Counts", "DamageWarning", "Delivery", "Direction", "Event",
           "Gap", "Opening", "Piece", "Segment", "Stream", "connections", "run"]
__version__ = _restitch.version

ETHERNET = 1
RAW_IP = 101


class DamageWarning(UserWarning):
    """An input breaks off or contradicts itself. What was sound was delivered."""


def _field(number, doc):
    """A property that is a field of the tuple below."""
    return property(lambda self: self._fields[number], doc=doc)


class Direction:
    """What one side of a connection sent."""

    __slots__ = ("_fields",)

    def __init__(self, fields):
        self._fields = fields

    address = _field(0, "IP address of the sender.")
    port = _field(1, "TCP port of the sender.")
    data = _field(2, "What was delivered, as bytes; gaps are left out.")
    bytes = _field(3, "How many bytes were delivered: len(data), unless some were left_out.")
    left_out = _field(4, "Bytes that were delivered and are not in data (data=False, data_max, data_total_max).")
    packets = _field(5, "Number of packets.")
    copies = _field(6, "How many of them the capture holds a second time.")
    first_seen_ns = _field(7, "Time of the first packet, in ns since 1970; 0: there is none.")
    last_seen_ns = _field(8, "Time of the last packet.")
    gaps = _field(9, "Bytes that are missing, as a list of Gap(offset, size).")
    gaps_unlisted = _field(10, "Number of further gaps, for which there was no room.")
    gap_bytes = _field(11, "Size of all gaps.")
    events = _field(12, "What happened in this direction, as a list of Event.")
    event_counts = _field(13, 'How often each kind of event occurred: {"gap": 2}.')
    pieces = _field(14, "Which packet brought what of data, as a list of Piece (pieces=True).")
    vlan = _field(15, "Innermost VLAN; 0: none.")
    tunnel = _field(16, 'Innermost tunnel: "vxlan", ...; None: none.')
    tunnel_id = _field(17, "Its id.")

    @property
    def endpoint(self):
        """The sender: "192.0.2.1:80", "[2001:db8::1]:80"."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"

    def __repr__(self):
        return f"<restitch.Direction from {self.endpoint}, {self.bytes} bytes>"


class Connection:
    """A TCP connection that has ended."""

    __slots__ = ("_fields", "client", "server")

    def __init__(self, fields):
        self._fields = fields
        self.client = Direction(fields[11])
        self.server = Direction(fields[12])

    number = _field(0, "In order of first packet, from 0.")
    uid = _field(1, "The name of this connection alone, as in `restitch log`.")
    community_id = _field(2, "Its Community ID, version 1.")
    client_known = _field(3, "Whether a SYN says who the client is.")
    end = _field(4, 'How it ended: "fin", "rst", "end_of_input", ...')
    start_ns = _field(5, "Time of the first packet, in ns since 1970.")
    last_seen_ns = _field(6, "Time of the last packet.")
    first_packet = _field(7, "Number of the first packet in its capture.")
    state = _field(8, '"SF", "S0", ... as conn_state of Zeek.')
    history = _field(9, "What happened, a letter each, as in Zeek.")
    service = _field(10, '"http", "ssl", ... by what is said; "": not known.')

    @property
    def start(self):
        """Time of the first packet, in seconds since 1970."""
        return self.start_ns / 1e9

    @property
    def duration(self):
        """Seconds from the first packet to the last."""
        return max(self.last_seen_ns - self.start_ns, 0) / 1e9

    @property
    def bytes(self):
        """Bytes delivered of both directions."""
        return self.client.bytes + self.server.bytes

    @property
    def packets(self):
        """Packets of both directions."""
        return self.client.packets + self.server.packets

    @property
    def events(self):
        """What happened in both directions, in the order of the packets that showed it."""
        both = self.client.events + self.server.events
        both.sort(key=lambda event: (event.time_ns, event.packet))
        return both

    def __repr__(self):
        return (f"<restitch.Connection {self.number} {self.client.endpoint} -> {self.server.endpoint}, "
                f"{self.client.bytes} + {self.server.bytes} bytes, {self.end}>")


def _open(paths, options):
    if isinstance(paths, (str, bytes, os.PathLike)):
        paths = [paths]
    paths = [os.fsencode(path) for path in paths]
    if len(paths) == 1 and paths[0] != b"-" and b"@" not in paths[0] and b"://" not in paths[0]:
        os.stat(paths[0])  # FileNotFoundError, rather than OSError
    return _restitch.Reader(paths, *options)


def _warn(damage):
    if damage:
        warnings.warn(damage, DamageWarning, stacklevel=3)


class Connections:
    """An iterator over connections, in the order in which they end. Made by connections()."""

    def __init__(self, reader):
        self._reader = reader

    def __iter__(self):
        return self

    def __next__(self):
        found = self._reader.next()
        if found.__class__ is tuple:
            return Connection(found)
        _warn(found)
        raise StopIteration

    def stop(self):
        """Ends the reading soon, from any thread: what is open ends as "interrupted"."""
        self._reader.stop()

    @property
    def counts(self):
        """Where packets and payload went so far, as Counts."""
        return self._reader.counts()

    def close(self):
        """Forgets all that is open."""
        self._reader.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def connections(paths, *, filter=None, where=None, receiver=None, recursive=False, events=True, pieces=False,
                data=True, community_seed=0, data_max=0, data_total_max=0, memory_max=0):
    """Reads captures, and yields each TCP connection when it has ended.

    paths       a capture in any format and compression that the command reads, a directory, "-" for standard
                input, "tcp://host:port", "https://..."; or a list of these, which are merged by time
    filter      of packets, as pcap-filter(7): "tcp port 80"
    where       of connections: "port 80 and bytes > 1M and not gaps = 0"
    receiver    what the watched hosts do: "linux", or "capture,10.0.0.0/8=linux"
    events      list events; pieces: list which packet brought what; data: keep what is said
    data_max    most bytes of a direction to keep; data_total_max: of all that are open (4 GiB)

    Raises OSError if nothing can be read, ValueError for a wrong expression; warns (DamageWarning) at the end if
    an input breaks off.
    """
    return Connections(_open(paths, (filter, where, receiver, recursive, events, pieces, not data, community_seed,
                                     data_max, data_total_max, memory_max)))


class Stream:
    """Both directions of a connection, while they come. Derive from it; methods that you leave are not called."""

    def accept(self, segment):
        """A packet, before it has an effect. False: it has none. segment.payload is lent for the call."""
        return True

    def deliver(self, delivery):
        """Bytes that are now in order, or a mere start or end. delivery.data is a memoryview, lent for the call: it
        is released when this returns."""

    def event(self, event):
        """Something worth knowing happened (docs/events.md)."""

    def complete(self, end):
        """The last call: how the connection ended."""


def run(paths, make_stream, *, filter=None, receiver=None, recursive=False, memory_max=0):
    """Reads captures into streams: make_stream(opening) answers a Stream for each connection, or None, and it is
    ignored. Answers Counts. What a method raises ends the reading, and is raised here."""
    reader = _open(paths, (filter, None, receiver, recursive, False, False, True, 0, 0, 0, memory_max))
    try:
        _warn(reader.run(make_stream, Stream))
        return reader.counts()
    finally:
        reader.close()


class Assembler:
    """Streams from packets that you bring. make_stream(opening) answers a Stream, or None, and it is ignored.

    What a method of a stream raises comes out of the call that caused it; the assembler stays good. flush()
    completes what is open, and so does the end of a `with`; close() forgets it.
    """

    def __init__(self, make_stream, *, receiver=None, memory_max=0):
        self._assembler = _restitch.Assembler(make_stream, Stream, receiver, memory_max)
        self._packets = 0

    def packet(self, frame, time=0, *, link_type=ETHERNET, time_ns=None, number=None, user_tag=0, original_size=0):
        """Takes in a frame: bytes, or anything like them, lent for the call. `time` is in seconds since 1970, as scapy
        and dpkt have it; time_ns is exact. link_type: a number of tcpdump.org/linktypes.html."""
        self._packets += 1
        self._assembler.packet(link_type, frame, round(time * 1_000_000_000) if time_ns is None else time_ns,
                               self._packets if number is None else number, user_tag, original_size)

    def flush_older(self, time):
        """Skips gaps that are waited for since before this time (seconds), and ends what was silent since."""
        self._assembler.flush_older(round(time * 1_000_000_000))

    def flush(self):
        """Delivers what waits, and completes all connections."""
        self._assembler.flush()

    @property
    def counts(self):
        """Where packets and payload went so far, as Counts."""
        return self._assembler.counts()

    def close(self):
        """Forgets all that is open."""
        self._assembler.close()

    def __enter__(self):
        return self

    def __exit__(self, exception, *_):
        try:
            if exception is None:
                self.flush()
        finally:
            self.close()
