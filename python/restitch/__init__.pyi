import os
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Literal, NamedTuple, Self

__version__: str
ETHERNET: int
RAW_IP: int

_Bytes = bytes  # Direction has a property of that name
_Path = str | bytes | os.PathLike[str] | os.PathLike[bytes]
_Sender = Literal["client", "server"]
_Transmission = Literal["first", "late", "again"]

class DamageWarning(UserWarning): ...

class Gap(NamedTuple):
    offset: int
    size: int

class Piece(NamedTuple):
    offset: int
    size: int
    transmission: _Transmission
    time_ns: int
    packet: int
    source: int

class Event(NamedTuple):
    kind: str
    direction: _Sender
    offset: int
    size: int
    time_ns: int
    packet: int
    rule: str | None
    limit: str | None
    held: bytes
    arrived: bytes
    held_packet: int
    delivered: Literal["held", "arrived"]

class Opening(NamedTuple):
    client: str
    server: str
    client_address: str
    client_port: int
    server_address: str
    server_port: int
    time_ns: int
    packet: int

class Segment(NamedTuple):
    direction: _Sender
    flags: int
    window: int
    sequence: int
    acknowledgment: int
    payload: memoryview
    time_ns: int
    packet: int

class Delivery(NamedTuple):
    direction: _Sender
    data: memoryview
    skipped: int
    start: bool
    end: bool
    offset: int
    transmission: _Transmission
    time_ns: int
    packet: int
    user_tag: int

class Counts(NamedTuple):
    packets: int
    segments: int
    connections: int
    seen: int
    delivered: int
    duplicate: int
    before_start: int
    refused: int
    dropped: int

class Direction:
    @property
    def address(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def endpoint(self) -> str: ...
    @property
    def data(self) -> _Bytes: ...
    @property
    def bytes(self) -> int: ...
    @property
    def left_out(self) -> int: ...
    @property
    def packets(self) -> int: ...
    @property
    def copies(self) -> int: ...
    @property
    def first_seen_ns(self) -> int: ...
    @property
    def last_seen_ns(self) -> int: ...
    @property
    def gaps(self) -> list[Gap]: ...
    @property
    def gaps_unlisted(self) -> int: ...
    @property
    def gap_bytes(self) -> int: ...
    @property
    def events(self) -> list[Event]: ...
    @property
    def event_counts(self) -> dict[str, int]: ...
    @property
    def pieces(self) -> list[Piece]: ...
    @property
    def vlan(self) -> int: ...
    @property
    def tunnel(self) -> str | None: ...
    @property
    def tunnel_id(self) -> int: ...

class Connection:
    @property
    def client(self) -> Direction: ...
    @property
    def server(self) -> Direction: ...
    @property
    def number(self) -> int: ...
    @property
    def uid(self) -> str: ...
    @property
    def community_id(self) -> str: ...
    @property
    def client_known(self) -> bool: ...
    @property
    def end(self) -> str: ...
    @property
    def start(self) -> float: ...
    @property
    def start_ns(self) -> int: ...
    @property
    def last_seen_ns(self) -> int: ...
    @property
    def duration(self) -> float: ...
    @property
    def first_packet(self) -> int: ...
    @property
    def state(self) -> str: ...
    @property
    def history(self) -> str: ...
    @property
    def service(self) -> str: ...
    @property
    def bytes(self) -> int: ...
    @property
    def packets(self) -> int: ...
    @property
    def events(self) -> list[Event]: ...

class Connections(Iterator[Connection]):
    def __iter__(self) -> Self: ...
    def __next__(self) -> Connection: ...
    def stop(self) -> None: ...
    @property
    def counts(self) -> Counts: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 traceback: TracebackType | None) -> None: ...

def connections(paths: _Path | Iterable[_Path], *, filter: str | None = None, where: str | None = None,
                receiver: str | None = None, recursive: bool = False, events: bool = True, pieces: bool = False,
                data: bool = True, community_seed: int = 0, data_max: int = 0, data_total_max: int = 0,
                memory_max: int = 0) -> Connections: ...

class Stream:
    def accept(self, segment: Segment) -> bool: ...
    def deliver(self, delivery: Delivery) -> None: ...
    def event(self, event: Event) -> None: ...
    def complete(self, end: str) -> None: ...

_MakeStream = Callable[[Opening], Stream | None]

def run(paths: _Path | Iterable[_Path], make_stream: _MakeStream, *, filter: str | None = None,
        receiver: str | None = None, recursive: bool = False, memory_max: int = 0) -> Counts: ...

class Assembler:
    def __init__(self, make_stream: _MakeStream, *, receiver: str | None = None, memory_max: int = 0) -> None: ...
    def packet(self, frame: bytes | bytearray | memoryview, time: float = 0, *, link_type: int = 1,
               time_ns: int | None = None, number: int | None = None, user_tag: int = 0,
               original_size: int = 0) -> None: ...
    def flush_older(self, time: float) -> None: ...
    def flush(self) -> None: ...
    @property
    def counts(self) -> Counts: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 traceback: TracebackType | None) -> None: ...
