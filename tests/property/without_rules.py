#!/usr/bin/env python3
"""Takes the rules of evidence out of the library one by one, and shows that the forgery test (forgery_test.cc) sees it.

    without_rules.py [--count N] [RULE…]   RULE: those whose name contains it; N conversations for each reading (2000)
    without_rules.py --list

Each rule is one change to a copy of the tree, below build/without_rules. Fails when the test passes without a rule, or
when a rule is no longer where it was. Half a minute a rule.
"""
import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPY = ROOT / "build/without_rules/tree"
BUILD = ROOT / "build/without_rules/build"
EVIDENCE = "src/reassembly/half_connection_evidence.cc"
CLAIMS = "src/reassembly/pool_claims.cc"

# Name, file, what stands there, and what stands there without the rule.
RULES = [
    ("the acknowledgement decides between starts", EVIDENCE,
     "  if (*owner != next_seq_) set_start(state, *owner);\n  evidence_.believe(", "  evidence_.believe("),
    ("the first data decides between starts", EVIDENCE,
     "  if (*owner == next_seq_) return;\n  set_start(state, *owner);", "  return;\n  set_start(state, *owner);"),
    ("a SYN inside a connection is a claim", "src/reassembly/assembly_claims.cc",
     "    if (open) return claim(met, packet);\n", "    if (open) complete(met, &packet.context, EndReason::port_reuse);\n"
     "    if (open) return begin(packet);\n"),
    ("a wild segment is set aside", EVIDENCE,
     "const {\n  Sequence base = next_seq_;\n", "const {\n  if (known()) return false;\n  Sequence base = next_seq_;\n"),
    ("what waits is measured by the window, too", EVIDENCE,
     "TcpFlowDirection direction) {\n  HalfDetail& d = detail(state);\n  if (d.has_end && lies_elsewhere",
     "TcpFlowDirection direction) {\n  if (known()) return;\n  HalfDetail& d = detail(state);\n  if (d.has_end && lies_elsewhere"),
    ("a stream follows its receiver over a large hole", EVIDENCE,
     "  if (evidence_.take_far()) {\n", "  if (evidence_.take_far(), false) {\n"),
    ("segments that agree move the stream", EVIDENCE,
     "  } else if (aside != nullptr && !evidence_.has_ack()) {\n", "  } else if (false) {\n"),
    ("the acknowledgement finds a start in the middle", EVIDENCE,
     "  std::optional<Sequence> first;\n  if (acked) {\n", "  std::optional<Sequence> first;\n  if (false) {\n"),
    ("a wild acknowledgement counts for nothing", EVIDENCE,
     "  } else if (!evidence_.take(ack, scaled_window(tcp), reached)) {\n",
     "  } else if (evidence_.believe(ack, scaled_window(tcp)), false) {\n"),
    ("a reset ends only where it could", CLAIMS,
     "  if (half.reset()) return true;         // it was believed already\n", "  if (half.known() || true) return true;\n"),
    ("a wrong checksum begins and ends nothing", CLAIMS,
     "  if (options.checksums == Checksums::ignore ||", "  if (true || options.checksums == Checksums::ignore ||"),
    ("a tombstone absorbs only what the dead could repeat", "src/reassembly/assembly_claims.cc",
     "  if (dead != nullptr && !outlives(*dead, packet)) return nullptr;\n", "  if (dead != nullptr) return nullptr;\n"),
    ("an answer acknowledges nothing of the old connection", CLAIMS,
     "  if (!acks_old && (!in_place || claim.has_sent(tcp.acknowledgment))) return true;\n",
     "  if (!acks_old || !in_place) return true;\n"),
    ("what a SYN names is close to it, or far from the old connection", CLAIMS,
     "  if (!lies_close(halves, half, tcp.sequence, claim.first)) return false;\n",
     "  if (!may_reach(halves, half, tcp.sequence)) return false;\n"),
    ("a SYN-ACK that contradicts the data before it may answer for another connection", CLAIMS,
     "                       !connection.syn_was_late && !half.is_joined(halves);\n", "                       true;\n"),
    ("a FIN that its receiver did not acknowledge may be forged", CLAIMS,
     "  return half.ended() && (half.reset() || !half.heard() || half.acked() == half.next_seq().add(1));\n",
     "  return half.ended();\n"),
    ("a SYN behind a FIN is of another connection", CLAIMS,
     "  return repeats_over(connection, direction, tcp) || comes_behind_end(halves, half);\n",
     "  return repeats_over(connection, direction, tcp);\n"),
    ("what waits far from a start that is named is set aside", "src/reassembly/half_connection.cc",
     "  part_with_others(state, d);\n", ""),
    ("where the receiver is captured, the stream goes nowhere without it", EVIDENCE,
     "  if (heard() || evidence_.is_captured()) return std::nullopt;\n", "  if (heard()) return std::nullopt;\n"),
]


def copy_tree():
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout.decode().split("\0")
    for name in filter(None, files):
        source, target = ROOT / name, COPY / name
        if source.is_file() and not (target.is_file() and target.read_bytes() == source.read_bytes()):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())


def build():
    if not (BUILD / "build.ninja").exists():
        subprocess.run(["cmake", "-G", "Ninja", "-S", COPY, "-B", BUILD, "-D", "CMAKE_BUILD_TYPE=Debug",
                        "-D", "CMAKE_CXX_FLAGS_DEBUG=-O1 -g1", "-D", "RESTITCH_TEST_FILES=property/forgery"],
                       check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", BUILD, "--target", "property_tests"], check=True, stdout=subprocess.DEVNULL)


def readings_that_fail(count):
    run = subprocess.run([BUILD / "tests/property_tests", "--gtest_filter=*Forgeries*", "--gtest_brief=1"], text=True,
                         env={**os.environ, "RESTITCH_FORGERY_COUNT": str(count)}, capture_output=True, check=False)
    return sorted(set(re.findall(r"FAILED.*ChangeNothingThatWasAcknowledged/(\w+)", run.stdout)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("rules", nargs="*")
    args = parser.parse_args()
    chosen = [rule for rule in RULES if not args.rules or any(word in rule[0] for word in args.rules)]
    if args.list:
        print("\n".join(rule[0] for rule in RULES))
        return 0
    copy_tree()
    build()
    unseen = readings_that_fail(args.count)
    if unseen:
        sys.exit(f"the test fails with all rules: {unseen}")
    print("| without the rule | fails when read as |\n|---|---|", flush=True)
    for name, file, there, without in chosen:
        text = (COPY / file).read_text(encoding="utf-8")
        if text.count(there) != 1:
            sys.exit(f"{file}: {name}: not there, or not once")
        try:
            (COPY / file).write_text(text.replace(there, without), encoding="utf-8")
            build()
            failing = readings_that_fail(args.count)
        finally:
            (COPY / file).write_text(text, encoding="utf-8")
        print(f"| {name} | {', '.join(failing) or '**none**'} |", flush=True)
        if not failing:
            unseen.append(name)
    return 1 if unseen else 0


if __name__ == "__main__":
    sys.exit(main())
