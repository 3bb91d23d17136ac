"""restitch.Assembler and restitch.run(): streams of one's own."""
import pathlib
import threading
import unittest

import packets
import restitch

SAMPLE = pathlib.Path(__file__).resolve().parents[1] / "data" / "sample.pcapng"


class Recorder(restitch.Stream):
    """Keeps all that it is told."""

    def __init__(self, opening):
        self.opening = opening
        self.said = {"client": b"", "server": b""}
        self.deliveries = []
        self.events = []
        self.ends = []

    def deliver(self, delivery):
        self.said[delivery.direction] += delivery.data
        self.deliveries.append(delivery)

    def event(self, event):
        self.events.append(event)

    def complete(self, end):
        self.ends.append(end)


class Assembling(unittest.TestCase):
    def setUp(self):
        self.streams = []

    def make(self, opening, kind=Recorder):
        self.streams.append(kind(opening))
        return self.streams[-1]

    def feed(self, frames, make=None):
        with restitch.Assembler(make or self.make) as assembler:
            for number, frame in enumerate(frames):
                assembler.packet(frame, 1_700_000_000 + number)
            assembler.flush()
            return assembler.counts

    def test_bytes_come_in_order_whatever_the_order_of_packets(self):
        frames = packets.conversation(b"", b"", close=False)
        frames += [packets.frame(packets.CLIENT, packets.SERVER, packets.ACK, 103, 501, b"cd"),
                   packets.frame(packets.CLIENT, packets.SERVER, packets.ACK, 101, 501, b"ab")]
        counts = self.feed(frames)
        (stream,) = self.streams
        self.assertEqual(stream.said["client"], b"abcd")
        self.assertEqual((stream.opening.client, stream.opening.server_port), ("10.0.0.1:40000", 80))
        self.assertEqual([(d.packet, d.offset, d.time_ns) for d in stream.deliveries if d.offset or d.packet > 3],
                         [(5, 0, 1_700_000_004_000_000_000), (4, 2, 1_700_000_003_000_000_000)])
        self.assertEqual(stream.ends, ["flush"])
        self.assertEqual((counts.packets, counts.delivered, counts.connections), (5, 4, 1))

    def test_gaps_and_events(self):
        self.feed(packets.with_gap())
        (stream,) = self.streams
        self.assertEqual(stream.said["client"], b"abfg")
        self.assertEqual([d.skipped for d in stream.deliveries if d.skipped], [3])
        self.assertIn("gap", [event.kind for event in stream.events])
        self.assertEqual(stream.ends, ["fin"])

    def test_lent_bytes_are_gone_behind_the_call_and_slices_stay_good(self):
        kept = []

        class Keeper(restitch.Stream):
            def deliver(self, delivery):
                kept.append((delivery.data, delivery.data[1:]))

        self.feed(packets.conversation(b"hello"), lambda _: Keeper())
        views = [(whole, part) for whole, part in kept if len(part) == 4]
        self.assertEqual([bytes(part) for _, part in views], [b"ello", b"orld"])
        for whole, _ in views:
            with self.assertRaises(ValueError):
                bytes(whole)

    def test_a_frame_may_be_anything_that_has_bytes(self):
        self.feed(bytearray(frame) for frame in packets.conversation())
        self.feed(memoryview(frame) for frame in packets.conversation())
        self.assertEqual([stream.said["server"] for stream in self.streams], [b"world", b"world"])
        with self.assertRaises(TypeError):
            self.feed(["text"])

    def test_a_connection_is_ignored_where_there_is_no_stream_for_it(self):
        counts = self.feed(packets.conversation(), lambda _: None)
        self.assertEqual(counts.delivered, 0)

    def test_a_packet_that_is_not_accepted_has_no_effect(self):
        class Deaf(Recorder):
            def accept(self, segment):
                return bytes(segment.payload) != b"hello"

        self.feed(packets.conversation(), lambda opening: self.make(opening, Deaf))
        (stream,) = self.streams
        self.assertEqual(stream.said["server"], b"world")
        self.assertEqual(stream.said["client"], b"")

    def test_what_a_method_raises_comes_out_and_the_assembler_goes_on(self):
        class Picky(Recorder):
            def deliver(self, delivery):
                super().deliver(delivery)
                if delivery.data == b"hello":
                    raise KeyError("picky")

        assembler = restitch.Assembler(lambda opening: self.make(opening, Picky))
        raised = []
        for frame in packets.conversation():
            try:
                assembler.packet(frame)
            except KeyError as error:
                raised.append(error.args)
        assembler.flush()
        self.assertEqual(raised, [("picky",)])
        self.assertEqual(self.streams[0].said, {"client": b"hello", "server": b"world"})
        self.assertEqual(self.streams[0].ends, ["fin"])

    def test_what_the_factory_raises_comes_out(self):
        assembler = restitch.Assembler(lambda opening: 1 / 0)
        with self.assertRaises(ZeroDivisionError):
            assembler.packet(packets.conversation()[0])

    def test_a_stream_cannot_use_its_own_assembler(self):
        class Greedy(restitch.Stream):
            def deliver(self, delivery):
                assembler.flush()

        assembler = restitch.Assembler(lambda _: Greedy())
        with self.assertRaisesRegex(RuntimeError, "in use"):
            for frame in packets.conversation():
                assembler.packet(frame)

    def test_methods_that_are_left_are_not_called(self):
        class Usual(restitch.Stream):
            pass

        self.assertEqual(self.feed(packets.conversation(), lambda _: Usual()).delivered, 10)

    def test_flush_older_ends_what_was_silent(self):
        assembler = restitch.Assembler(self.make)
        for frame in packets.conversation(close=False):
            assembler.packet(frame, 1000)
        assembler.flush_older(1000)
        self.assertEqual(self.streams[0].ends, [])
        assembler.flush_older(1001)
        self.assertEqual(self.streams[0].ends, ["timeout"])

    def test_streams_are_freed_with_their_connection(self):
        freed = []

        class Mortal(restitch.Stream):
            def __del__(self):
                freed.append(1)

        assembler = restitch.Assembler(lambda _: Mortal())
        for frame in packets.conversation():
            assembler.packet(frame)
        self.assertEqual(freed, [1])
        for frame in packets.conversation(client=("10.0.0.9", 1), close=False):
            assembler.packet(frame)
        assembler.close()
        self.assertEqual(freed, [1, 1])
        with self.assertRaises(ValueError):
            assembler.flush()

    def test_wrong_arguments(self):
        with self.assertRaises(ValueError):
            restitch.Assembler(self.make, receiver="plan9")

    def test_assemblers_of_several_threads_do_not_meet(self):
        results = []

        def work():
            streams = []

            def make(opening):
                streams.append(Recorder(opening))
                return streams[-1]

            with restitch.Assembler(make) as assembler:
                for _ in range(20):
                    for port in range(20):
                        for frame in packets.conversation(client=("10.0.0.1", 40000 + port)):
                            assembler.packet(frame)
            results.append({stream.said["client"] for stream in streams})

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(results, [{b"hello"}] * 4)


class Running(unittest.TestCase):
    def test_streams_of_a_capture_say_what_its_connections_say(self):
        streams = {}

        def make(opening):
            streams[opening.packet] = Recorder(opening)
            return streams[opening.packet]

        counts = restitch.run(SAMPLE, make)
        whole = {c.first_packet: c for c in restitch.connections(SAMPLE)}
        self.assertEqual(counts.connections, 26)
        self.assertEqual(streams.keys(), whole.keys())
        for number, stream in streams.items():
            self.assertEqual(stream.said, {"client": whole[number].client.data, "server": whole[number].server.data})

    def test_an_exception_ends_the_reading(self):
        class Picky(restitch.Stream):
            def deliver(self, delivery):
                raise KeyError("picky")

        with self.assertRaises(KeyError):
            restitch.run(SAMPLE, lambda _: Picky())


if __name__ == "__main__":
    unittest.main()
