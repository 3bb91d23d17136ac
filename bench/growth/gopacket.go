// The same as growth_restitch with gopacket/reassembly, without a limit of pages.
//
//	growth_gopacket ORDER COUNT SIZE
package main

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/reassembly"
)

const first = 4200000000

func byteAt(offset uint64) byte { return byte(offset * 2654435761 >> 24) }

var delivered uint64
var right = true

type stream struct{}

func (stream) Accept(tcp *layers.TCP, ci gopacket.CaptureInfo, dir reassembly.TCPFlowDirection,
	next reassembly.Sequence, start *bool, ac reassembly.AssemblerContext) bool {
	return true
}

func (stream) ReassembledSG(sg reassembly.ScatterGather, ac reassembly.AssemblerContext) {
	size, _ := sg.Lengths()
	for _, b := range sg.Fetch(size) {
		right = right && b == byteAt(delivered)
		delivered++
	}
}

func (stream) ReassemblyComplete(ac reassembly.AssemblerContext) bool { return true }

type factory struct{}

func (factory) New(a, b gopacket.Flow, tcp *layers.TCP, ac reassembly.AssemblerContext) reassembly.Stream {
	return stream{}
}

type context struct{ info gopacket.CaptureInfo }

func (c *context) GetCaptureInfo() gopacket.CaptureInfo { return c.info }

func cpuSeconds() float64 {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
}

// The numbers 0 … count-1 in the named order; the random one is that of the C++ programs.
func arrivalOrder(name string, count int) []int {
	order := make([]int, 0, count)
	switch name {
	case "reverse":
		for i := count - 1; i >= 0; i-- {
			order = append(order, i)
		}
	case "even-odd":
		for start := 0; start < 2; start++ {
			for i := start; i < count; i += 2 {
				order = append(order, i)
			}
		}
	default:
		for i := 0; i < count; i++ {
			order = append(order, i)
		}
	}
	if name == "random" {
		state := uint64(7)
		for i := count; i > 1; i-- {
			state += 0x9E3779B97F4A7C15
			z := state
			z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9
			z = (z ^ (z >> 27)) * 0x94D049BB133111EB
			j := int((z ^ (z >> 31)) % uint64(i))
			order[i-1], order[j] = order[j], order[i-1]
		}
	}
	return order
}

func main() {
	count, _ := strconv.Atoi(os.Args[2])
	size, _ := strconv.Atoi(os.Args[3])
	assembler := reassembly.NewAssembler(reassembly.NewStreamPool(factory{}))
	flow := gopacket.NewFlow(layers.EndpointIPv4, net.IP{10, 0, 0, 1}, net.IP{10, 0, 0, 2})
	ports := []byte{4, 0, 0, 80}
	var ac context
	packets := 0
	send := func(sequence uint32, syn bool, payload []byte) {
		packets++
		tcp := layers.TCP{SrcPort: 1024, DstPort: 80, Seq: sequence, SYN: syn, ACK: !syn}
		tcp.BaseLayer = layers.BaseLayer{Contents: ports, Payload: payload}
		tcp.SetInternalPortsForTesting()
		ac.info.Timestamp = time.Unix(0, int64(packets)*1000)
		assembler.AssembleWithContext(flow, &tcp, &ac)
	}
	buffer := make([]byte, size+1)
	sendAt := func(offset uint64, length int) {
		for i := 0; i < length; i++ {
			buffer[i] = byteAt(offset + uint64(i))
		}
		send(uint32(first+offset), false, buffer[:length])
	}
	order := arrivalOrder(os.Args[1], count)
	before := cpuSeconds()
	send(first-1, true, nil)
	for _, number := range order {
		sendAt(1+uint64(number)*uint64(size), size)
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	sendAt(0, 1)
	assembler.FlushAll()
	seconds := cpuSeconds() - before
	right = right && delivered == 1+uint64(count)*uint64(size)
	word := map[bool]string{true: "right", false: "wrong"}[right]
	fmt.Printf("%.6f %d %d %s\n", seconds, memory.HeapAlloc, delivered, word)
	if !right {
		os.Exit(3)
	}
}
