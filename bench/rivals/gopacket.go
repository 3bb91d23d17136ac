// gopacket/reassembly on a capture: its own pure Go reader, one decoding parser, no allocation per packet.
//
//	rival_gopacket [--verify] CAPTURE
package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
	"github.com/google/gopacket/reassembly"
)

var delivered uint64
var verify bool
var out = bufio.NewWriter(os.Stdout)

type direction struct {
	bytes   uint64
	missing uint64
	crc     uint32
}

type stream struct {
	net, ports gopacket.Flow
	directions [2]direction
}

func (s *stream) Accept(tcp *layers.TCP, ci gopacket.CaptureInfo, dir reassembly.TCPFlowDirection,
	next reassembly.Sequence, start *bool, ac reassembly.AssemblerContext) bool {
	if next == -1 {
		*start = true
	}
	return true
}

func (s *stream) ReassembledSG(sg reassembly.ScatterGather, ac reassembly.AssemblerContext) {
	size, _ := sg.Lengths()
	delivered += uint64(size)
	if !verify {
		return
	}
	dir, _, _, skip := sg.Info()
	d := &s.directions[0]
	if dir == reassembly.TCPDirServerToClient {
		d = &s.directions[1]
	}
	if skip > 0 {
		d.missing += uint64(skip)
	}
	d.bytes += uint64(size)
	d.crc = crc32.Update(d.crc, crc32.IEEETable, sg.Fetch(size))
}

func end(address, port gopacket.Endpoint) string {
	raw := port.Raw()
	return fmt.Sprintf("%s:%d", hex.EncodeToString(address.Raw()), int(raw[0])<<8|int(raw[1]))
}

func (s *stream) ReassemblyComplete(ac reassembly.AssemblerContext) bool {
	if !verify {
		return true
	}
	ends := [2]string{end(s.net.Src(), s.ports.Src()), end(s.net.Dst(), s.ports.Dst())}
	for i, d := range s.directions {
		if d.bytes+d.missing > 0 {
			fmt.Fprintf(out, "%s %s %d %08x %d\n", ends[i], ends[1-i], d.bytes, d.crc, d.missing)
		}
	}
	return true
}

type factory struct{}

func (factory) New(net, ports gopacket.Flow, tcp *layers.TCP, ac reassembly.AssemblerContext) reassembly.Stream {
	return &stream{net: net, ports: ports}
}

type context struct{ info gopacket.CaptureInfo }

func (c *context) GetCaptureInfo() gopacket.CaptureInfo { return c.info }

func main() {
	path := os.Args[len(os.Args)-1]
	verify = len(os.Args) > 2 && os.Args[1] == "--verify"
	file, err := os.Open(path)
	if err != nil {
		panic(err)
	}
	reader, err := pcapgo.NewReader(bufio.NewReaderSize(file, 1<<18))
	if err != nil {
		panic(err)
	}
	assembler := reassembly.NewAssembler(reassembly.NewStreamPool(factory{}))
	assembler.MaxBufferedPagesPerConnection = 64
	var eth layers.Ethernet
	var ip4 layers.IPv4
	var ip6 layers.IPv6
	var tcp layers.TCP
	var payload gopacket.Payload
	parser := gopacket.NewDecodingLayerParser(layers.LayerTypeEthernet, &eth, &ip4, &ip6, &tcp, &payload)
	parser.IgnoreUnsupported = true
	found := make([]gopacket.LayerType, 0, 8)
	packets := 0
	var ac context
	for {
		data, info, err := reader.ZeroCopyReadPacketData()
		if err == io.EOF {
			break
		}
		if err != nil {
			panic(err)
		}
		packets++
		parser.DecodeLayers(data, &found)
		var flow gopacket.Flow
		for _, layer := range found {
			switch layer {
			case layers.LayerTypeIPv4:
				flow = ip4.NetworkFlow()
			case layers.LayerTypeIPv6:
				flow = ip6.NetworkFlow()
			case layers.LayerTypeTCP:
				ac.info = info
				assembler.AssembleWithContext(flow, &tcp, &ac)
			}
		}
	}
	assembler.FlushAll()
	if !verify {
		fmt.Fprintf(out, "packets %d bytes %d sum 0\n", packets, delivered)
	}
	out.Flush()
}
