#!/bin/sh
# Three network namespaces, a, b and c, on one bridge of this machine, for docs/cluster.md. As root.
#
#     three_taps.sh        makes them: 10.9.0.11, 10.9.0.12 and 10.9.0.13 at their eth0; 10.9.0.1 is this side
#     three_taps.sh down   takes them away
#
# What a and b say to each other is seen by both, as two taps of a network would.
set -eu
names="a b c"
bridge=restitch-taps

if [ "${1-}" = down ]; then
  for name in $names; do ip netns del "$name"; done
  ip link del "$bridge"
  exit
fi

ip link add "$bridge" type bridge
ip addr add 10.9.0.1/24 dev "$bridge"
ip link set "$bridge" up
number=11
for name in $names; do
  ip netns add "$name"
  ip link add "tap-$name" type veth peer name eth0 netns "$name"
  ip link set "tap-$name" master "$bridge" up
  ip -n "$name" addr add "10.9.0.$number/24" dev eth0
  ip -n "$name" link set eth0 up
  ip -n "$name" link set lo up
  number=$((number + 1))
done
