"""restitch.connections(): what comes out is what the command says of the same capture."""
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest
import warnings

import packets
import restitch

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "tests" / "data" / "sample.pcapng"
CAPTURES = ROOT.parent / "shared" / "captures"
MEMBERS = ("connection", "src", "dst", "bytes", "sha256", "gaps", "packets", "end", "events")
TOOL = os.environ["RESTITCH_TOOL"]


def rows_of_tool(capture):
    """What `streams --json` says of each direction with payload."""
    done = subprocess.run([TOOL, "streams", "-q", "--json", capture], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, env={**os.environ, "LD_PRELOAD": ""}, check=False)
    return [{name: row[name] for name in MEMBERS} for row in map(json.loads, done.stdout.splitlines())]


def rows_of_module(capture):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", restitch.DamageWarning)
        found = sorted(restitch.connections(capture, events=False), key=lambda c: c.number)
    return [{"connection": c.number, "src": side.endpoint, "dst": other.endpoint, "bytes": side.bytes,
             "sha256": hashlib.sha256(side.data).hexdigest(), "gaps": [list(gap) for gap in side.gaps],
             "packets": side.packets, "end": c.end, "events": side.event_counts}
            for c in found for side, other in ((c.client, c.server), (c.server, c.client)) if side.bytes != 0]


class AsTheCommand(unittest.TestCase):
    maxDiff = 2000

    def test_every_connection_of_the_sample(self):
        rows = rows_of_tool(SAMPLE)
        self.assertEqual(len(rows), 52)
        self.assertEqual(rows_of_module(SAMPLE), rows)

    def test_every_connection_of_the_shared_captures(self):
        """Every sixteenth of them, or with RESTITCH_ALL_CAPTURES all."""
        if not CAPTURES.is_dir():
            self.skipTest(f"the shared captures are not there: {CAPTURES}")
        lines = (CAPTURES / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
        names = sorted(json.loads(line)["capture"] for line in lines)
        chosen = names if os.environ.get("RESTITCH_ALL_CAPTURES") else names[::16]
        directions = 0
        for name in chosen:
            with self.subTest(capture=name):
                try:
                    found = rows_of_module(CAPTURES / name)
                except OSError:
                    found = []
                self.assertEqual(found, rows_of_tool(CAPTURES / name))
                directions += len(found)
        print(f"{len(chosen)} captures, {directions} directions", file=sys.stderr)
        self.assertGreater(directions, 50)

    def test_ids_are_those_of_the_log(self):
        done = subprocess.run([TOOL, "log", "-q", "--format", "json", SAMPLE], stdout=subprocess.PIPE, check=True,
                              env={**os.environ, "LD_PRELOAD": ""})
        logged = {(row["uid"], row["community_id"]) for row in map(json.loads, done.stdout.splitlines())}
        self.assertEqual({(c.uid, c.community_id) for c in restitch.connections(SAMPLE)}, logged)


class Capture(unittest.TestCase):
    """With a capture of its own for each test."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def capture(self, frames, name="a.pcap"):
        path = self.folder / name
        path.write_bytes(packets.pcap(frames))
        return path


class WhatAConnectionHas(Capture):
    def test_both_sides_and_its_times(self):
        (c,) = restitch.connections(self.capture(packets.conversation(b"hello", b"world!")))
        self.assertEqual((c.client.data, c.server.data), (b"hello", b"world!"))
        self.assertEqual((c.client.endpoint, c.server.endpoint), ("10.0.0.1:40000", "10.0.0.2:80"))
        self.assertEqual((c.bytes, c.packets, c.end, c.state, c.client_known), (11, 8, "fin", "SF", True))
        self.assertEqual((c.start_ns, c.duration), (1_700_000_000_000_000_000, 0.007))
        self.assertEqual((c.events, c.client.gaps), ([], []))
        self.assertIn("10.0.0.1:40000 -> 10.0.0.2:80", repr(c))

    def test_gaps_and_events(self):
        (c,) = restitch.connections(self.capture(packets.with_gap()))
        self.assertEqual(c.client.data, b"abfg")
        self.assertEqual(c.client.gaps, [restitch.Gap((2, 3))])
        self.assertEqual(c.client.gaps[0].size, 3)
        self.assertIn(("gap", "client", 2, 3), [event[:4] for event in c.events])

    def test_a_conflict_shows_both_copies(self):
        (c,) = restitch.connections(self.capture(packets.with_conflict()))
        (conflict,) = [event for event in c.events if event.kind == "conflict"]
        self.assertEqual((conflict.held, conflict.arrived, conflict.delivered), (b"ab", b"aX", "held"))
        self.assertEqual((conflict.held_packet, conflict.packet), (4, 5))
        self.assertEqual(c.client.event_counts["conflict"], 1)

    def test_pieces_say_which_packet_brought_what(self):
        (c,) = restitch.connections(self.capture(packets.with_gap()), pieces=True)
        self.assertEqual([(p.offset, p.size, p.packet) for p in c.client.pieces], [(0, 2, 4), (2, 2, 5)])

    def test_an_ipv6_endpoint_has_brackets(self):
        found = [c.client for c in restitch.connections(SAMPLE) if ":" in c.client.address]
        self.assertEqual(len(found), 13)
        self.assertEqual(found[0].endpoint, f"[2001:db8::1]:{found[0].port}")

    def test_data_has_a_limit_where_one_is_asked_for(self):
        path = self.capture(packets.conversation(b"hello", b"world!"))
        (c,) = restitch.connections(path, data_max=3)
        self.assertEqual((c.client.data, c.client.bytes, c.client.left_out), (b"hel", 5, 2))
        (c,) = restitch.connections(path, data_total_max=7)
        self.assertEqual((c.client.data, c.server.data, c.server.left_out), (b"hello", b"wo", 4))
        (c,) = restitch.connections(path, data=False)
        self.assertEqual((c.server.data, c.server.bytes, c.server.left_out), (b"", 6, 6))


class Choosing(unittest.TestCase):
    def test_by_expression_and_by_filter(self):
        every = list(restitch.connections(SAMPLE))
        large = [c.uid for c in every if c.bytes > 50_000]
        self.assertEqual(len(every), 26)
        self.assertIn(len(large), range(1, 26))
        self.assertEqual([c.uid for c in restitch.connections(SAMPLE, where="server port 80 and bytes > 50000")], large)
        self.assertEqual(len(list(restitch.connections(SAMPLE, filter="ip6"))), 13)
        self.assertEqual(list(restitch.connections(SAMPLE, where="port 81")), [])

    def test_several_inputs_are_one(self):
        self.assertEqual(len(list(restitch.connections([SAMPLE.parent, SAMPLE]))), 26)


class Refused(Capture):
    def test_what_does_not_exist(self):
        with self.assertRaises(FileNotFoundError):
            restitch.connections("/nowhere/a.pcap")
        with self.assertRaisesRegex(ValueError, "prot"):
            restitch.connections(SAMPLE, where="prot 80")
        with self.assertRaises(ValueError):
            restitch.connections(SAMPLE, filter="tcp prot 80")
        with self.assertRaisesRegex(ValueError, 'no receiver "plan9"'):
            restitch.connections(SAMPLE, receiver="plan9")
        with self.assertRaises(ValueError):
            restitch.connections([])
        with self.assertRaisesRegex(OSError, "packets.py"):
            restitch.connections(pathlib.Path(__file__).with_name("packets.py"))

    def test_a_capture_that_breaks_off_warns_behind_what_was_sound(self):
        path = self.capture(packets.conversation() + packets.conversation(client=("10.0.0.3", 40000)))
        path.write_bytes(path.read_bytes()[:-3])
        with self.assertWarnsRegex(restitch.DamageWarning, "a.pcap"):
            self.assertEqual([c.client.data for c in restitch.connections(path)], [b"hello", b"hello"])

    def test_a_closed_one(self):
        with restitch.connections(SAMPLE) as found:
            next(found)
        with self.assertRaises(ValueError):
            next(found)


class WhileItIsRead(Capture):
    def many(self, count):
        frames = []
        for number in range(count):
            client = (f"10.1.{number >> 8 & 255}.{number & 255}", 40000 + (number >> 16))
            frames += packets.conversation(b"a" * 500, b"b" * 1000, client=client)
        return self.capture(frames, "many.pcap")

    def test_a_connection_comes_when_it_has_ended_not_at_the_end(self):
        found = restitch.connections(self.many(2000))
        first = next(found)
        self.assertEqual(first.number, 0)
        self.assertLess(found.counts.packets, 1000)
        self.assertEqual(sum(1 for _ in found), 1999)
        self.assertEqual(found.counts.packets, 16_000)
        self.assertEqual(found.counts.delivered, 2000 * 1500)

    @unittest.skipIf(os.environ.get("LD_PRELOAD"), "AddressSanitizer keeps what is freed")
    def test_memory_does_not_grow_with_the_capture(self):
        program = ("import restitch, sys\n"
                   "sum(1 for _ in restitch.connections(sys.argv[1]))\n"
                   "print(*[line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')])")
        peaks = [int(subprocess.run([sys.executable, "-c", program, self.many(count)], stdout=subprocess.PIPE,
                                    check=True).stdout) for count in (4000, 16_000)]
        self.assertLess(peaks[1] - peaks[0], 12_000, peaks)  # KiB, where 18 MB were said

    def test_other_threads_go_on_while_a_pipe_is_waited_for(self):
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        found = []
        reading = threading.Thread(target=lambda: found.extend(restitch.connections(pipe)))
        reading.start()
        with open(pipe, "wb") as writing:
            writing.write(packets.pcap(packets.conversation()))
            writing.flush()
            while not found:  # it comes although the pipe stays open: nothing else waits for it
                pass
        reading.join()
        self.assertEqual(len(found), 1)

    def test_stop_ends_what_another_thread_reads(self):
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        ends = []
        with open(os.open(pipe, os.O_RDWR), "wb") as writing:
            writing.write(packets.pcap(packets.conversation(close=False)))
            writing.flush()
            found = restitch.connections(pipe)
            reading = threading.Thread(target=lambda: ends.extend(c.end for c in found))
            reading.start()
            found.stop()
            reading.join()
        self.assertEqual(set(ends), {"interrupted"} if ends else set())

    def test_an_interrupt_comes_out_while_a_pipe_is_waited_for(self):
        program = ("import restitch\n"
                   "try:\n"
                   "    for c in restitch.connections('-'):\n"
                   "        print(c.client.data, flush=True)\n"
                   "except KeyboardInterrupt:\n"
                   "    print('interrupted')")
        with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
            child.stdin.write(packets.pcap(packets.conversation()))
            child.stdin.flush()
            self.assertEqual(child.stdout.readline(), b"b'hello'\n")
            child.send_signal(2)
            self.assertEqual(child.stdout.read(), b"interrupted\n")

    def test_an_interrupt_comes_out_before_a_pipe_has_begun(self):
        program = ("import restitch\n"
                   "try:\n"
                   "    print('ready', flush=True)\n"
                   "    next(restitch.connections('-'))\n"
                   "except KeyboardInterrupt:\n"
                   "    print('interrupted')")
        with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
            self.assertEqual(child.stdout.readline(), b"ready\n")
            child.send_signal(2)
            self.assertEqual(child.stdout.read(), b"interrupted\n")


if __name__ == "__main__":
    unittest.main()
