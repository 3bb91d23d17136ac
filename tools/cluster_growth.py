#!/usr/bin/env python3
"""How the throughput of a cluster (docs/cluster.md) grows with its workers and partitions, by simulation.

    cluster_growth.py [--worker-mb F] [--mark-ns F] [--sensor-mark-ns F] [--sensors N] [--connections N] [--broker-mb F]

Prints a Markdown table. The same arguments print the same table: all that is by chance comes from one seed.

What is assumed:
- Connections have sizes after Pareto (a few carry most bytes), and each belongs to one partition by a hash. Nothing divides
  a connection: whoever has the largest bounds the whole.
- A worker is one core. It takes in --worker-mb megabytes a second, and needs --mark-ns for each mark of time: each sensor
  sends a thousand marks a second to each partition.
- Workers take partitions in turn, one at a time, whatever is in them; a partition belongs to one worker.
- All input is there at a steady rate, in the order of a fair mixture; the cluster keeps up when its busiest worker does.
- A sensor is one core for marks alone: with too many partitions it does nothing else, which is said.
- The broker takes --broker-mb, for each broker of it; how many that makes is in the table, without replicas.
"""
import argparse
import random

WORKERS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
PARTITIONS_PER_WORKER = [1, 4, 16]
MARKS_PER_SECOND = 1000


def partition_shares(connections, partitions, rng):
    """What part of all bytes each partition has."""
    shares = [0.0] * partitions
    for _ in range(connections):
        shares[rng.randrange(partitions)] += min(rng.paretovariate(1.2), 1e4)
    total = sum(shares)
    return [share / total for share in shares]


def worker_shares(shares, workers):
    mine = [0.0] * workers
    for partition, share in enumerate(shares):
        mine[partition % workers] += share
    return mine


def throughput(options, workers, partitions, rng):
    """Megabytes a second at which the busiest worker is just busy."""
    shares = worker_shares(partition_shares(options.connections, partitions, rng), workers)
    marks = options.sensors * MARKS_PER_SECOND * -(-partitions // workers) * options.mark_ns * 1e-9
    return max(0.0, 1 - marks) * options.worker_mb / max(shares)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worker-mb", type=float, default=200, help="[%(default)s]")
    parser.add_argument("--mark-ns", type=float, default=150, help="[%(default)s]")
    parser.add_argument("--sensor-mark-ns", type=float, default=50, help="[%(default)s]")
    parser.add_argument("--sensors", type=int, default=10, help="[%(default)s]")
    parser.add_argument("--connections", type=int, default=300_000, help="open at a time [%(default)s]")
    parser.add_argument("--broker-mb", type=float, default=500, help="[%(default)s]")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print("| workers | " + " | ".join(f"P = {n} W: MB/s | of W workers" for n in PARTITIONS_PER_WORKER) + " | brokers | sensor's core for marks |")
    print("|--:|" + "--:|" * (2 * len(PARTITIONS_PER_WORKER) + 2))
    for workers in WORKERS:
        cells, best = [], 0.0
        for per_worker in PARTITIONS_PER_WORKER:
            partitions = workers * per_worker
            if partitions > 1024:  # what a cluster may have
                cells += ["–", "–"]
                continue
            rate = throughput(options, workers, partitions, random.Random(options.seed))
            best = max(best, rate)
            marks = partitions * MARKS_PER_SECOND * options.sensor_mark_ns * 1e-9
            cells += [f"{rate:,.0f}", f"{rate / workers / options.worker_mb:.0%}"]
        print(f"| {workers:,} | " + " | ".join(cells) + f" | {-(-best // options.broker_mb):.0f} | {marks:.0%} |")


if __name__ == "__main__":
    main()
