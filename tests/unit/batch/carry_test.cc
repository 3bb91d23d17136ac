// A carry is read as it was written; what is cut off or flipped is an error, and no more.
#include "batch/carry.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <iterator>

#include "support/frame_builder.h"

namespace restitch::batch {
namespace {

using testing::Frame;
using testing::FrameBuilder;

constexpr DecoderOptions options{.vlan_in_key = true, .copies_window_ns = 20'000'000};

class Carry : public ::testing::Test {
 protected:
  Carry() {
    std::string name = (std::filesystem::path(::testing::TempDir()) / "restitch-carry-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    folder_ = name;
  }
  ~Carry() override { std::filesystem::remove_all(folder_); }

  void read(const Frame& frame, std::int64_t time_ns) {
    CaptureInfo info{.timestamp = {time_ns}, .packet_number = ++packets_};
    info.captured_size = info.original_size = static_cast<std::uint32_t>(frame.size());
    dissector_.take({info, LinkType::ethernet, frame}, [&](const FoundSegment& segment) {
      const auto key = detail::make_key(segment.decoded.net, segment.decoded.tcp.transport()).key;
      Tuple& tuple = tuples_[tuples_.number_of(key)];
      if (tuple.first_elapsed.ticks < 0) tuple.first_elapsed = segment.elapsed;
      tuple.note(segment.info.timestamp, segment.elapsed);
      frames_.push_back(frame);
      append_segment_of(segment, tuples_.number_of(key));
    });
  }

  void append_segment_of(const FoundSegment& segment, std::uint32_t tuple) {
    kept_.push_back({segment, tuple});
    const Bytes whole = segment.decoded.tcp.bytes;
    bytes_.emplace_back(whole.begin(), whole.end());
  }

  std::string write() {
    auto file = ResultFile::create((folder_ / "carry").string());
    FileFacts facts;
    facts.manifest_digest = 77;
    facts.task = 3;
    facts.damage = "a file: is cut off";
    CarryWriter writer(*file, facts, dissector_.border(), tuples_, domains_);
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      FoundSegment segment = kept_[i].segment;  // whose bytes are gone
      rebase(segment.decoded.tcp, bytes_[i]);
      writer.append(segment, kept_[i].tuple);
    }
    writer.finish();
    EXPECT_TRUE(file->commit());
    return (folder_ / "carry").string();
  }

  static void rebase(TcpSegment& tcp, const Frame& bytes) {
    tcp.bytes = bytes;
    tcp.options = tcp.bytes.subspan(20, tcp.options.size());
    tcp.payload = tcp.bytes.subspan(20 + tcp.options.size(), tcp.payload.size());
  }

  // Reads all there is; whether nothing was wrong.
  static bool reads_whole(const std::string& path) {
    DomainTable domains(100);
    auto reader = CarryReader::open(path, domains);
    if (!reader) return false;
    CarryReader::Carried carried;
    while (reader->next(carried)) {
    }
    return reader->failure().empty();
  }

  std::filesystem::path folder_;
  DomainTable domains_{100};
  Dissector dissector_{options, domains_, Border{}};
  Tuples tuples_;
  std::vector<CarryReader::Carried> kept_;
  std::vector<Frame> bytes_;
  std::vector<Frame> frames_;
  std::uint64_t packets_ = 0;
};

FrameBuilder packet(std::uint16_t port) {
  FrameBuilder builder;
  builder.vlan(7).ipv4("10.0.0.1", "192.0.2.1").tcp(port, 80).seq(5).ack(9).flags(TcpFlag::ack);
  return builder.payload("hello");
}

TEST_F(Carry, IsReadAsItWasWritten) {
  read(packet(4000).build(), 1'000'000'000);
  read(packet(4001).option({2, 4, 5, 180}).build(), 2'000'000'000);
  read(packet(4000).build(), 3'000'000'000);
  read(packet(4000).fragment_field(0x2000).build(), 4'000'000'000);
  const std::string path = write();
  DomainTable domains(100);
  (void)domains.number_of({1, 2, 3});  // so that numbers differ
  auto reader = CarryReader::open(path, domains);
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ(reader->facts().manifest_digest, 77u);
  EXPECT_EQ(reader->facts().damage, "a file: is cut off");
  EXPECT_EQ(reader->end().clock, dissector_.border().clock);
  EXPECT_EQ(reader->end().copies, dissector_.border().copies);
  ASSERT_EQ(reader->end().fragments.size(), 1u);
  ASSERT_EQ(reader->tuples().size(), 2u);
  CarryReader::Carried carried;
  for (std::size_t i = 0; i < kept_.size(); ++i) {
    ASSERT_TRUE(reader->next(carried)) << reader->failure();
    const FoundSegment& was = kept_[i].segment;
    EXPECT_EQ(carried.tuple, kept_[i].tuple);
    EXPECT_EQ(carried.segment.rank, was.rank);
    EXPECT_EQ(carried.segment.elapsed, was.elapsed);
    EXPECT_EQ(carried.segment.info, was.info);
    EXPECT_EQ(carried.segment.decoded.vlan, was.decoded.vlan);
    EXPECT_EQ(carried.segment.decoded.net.source, was.decoded.net.source);
    EXPECT_EQ(carried.segment.decoded.net.network_tag, was.decoded.net.network_tag);
    EXPECT_EQ(carried.segment.decoded.net.domain, 2u);
    EXPECT_EQ(carried.segment.decoded.tcp.sequence, was.decoded.tcp.sequence);
    EXPECT_EQ(carried.segment.decoded.tcp.flags, was.decoded.tcp.flags);
    EXPECT_EQ(carried.segment.decoded.tcp.options.size(), was.decoded.tcp.options.size());
    EXPECT_EQ(testing::to_text(carried.segment.decoded.tcp.payload), "hello");
    EXPECT_TRUE(checksum_ok(carried.segment.decoded.net, carried.segment.decoded.tcp));
  }
  EXPECT_FALSE(reader->next(carried));
  EXPECT_EQ(reader->failure(), "");
}

TEST_F(Carry, GoesOnWhereTheFileEnded) {
  read(packet(4000).build(), 1'000'000'000);
  DomainTable domains(100);
  const auto reader = CarryReader::open(write(), domains);
  ASSERT_TRUE(reader);
  Dissector next(options, domains, reader->end());
  EXPECT_TRUE(next.agrees_with(dissector_));
  const Frame frame = packet(4000).build();
  CaptureInfo info{.timestamp = {1'000'000'500}, .packet_number = 1};
  info.captured_size = info.original_size = static_cast<std::uint32_t>(frame.size());
  bool copied = false;
  next.take({info, LinkType::ethernet, frame},
            [&](const FoundSegment& found) { copied = found.decoded.copied; });
  EXPECT_TRUE(copied);
}

TEST_F(Carry, CutOffOrFlippedIsNoCrash) {
  read(packet(4000).build(), 1'000'000'000);
  read(packet(4001).build(), 2'000'000'000);
  const std::string path = write();
  std::ifstream in(path, std::ios::binary);
  const std::string whole(std::istreambuf_iterator<char>(in), {});
  ASSERT_TRUE(reads_whole(path));
  const std::string broken = (folder_ / "broken").string();
  const auto put = [&](const std::string& bytes) { std::ofstream(broken, std::ios::binary) << bytes; };
  for (std::size_t size = 0; size < whole.size();
       size += size < 200 || size + 400 > whole.size() ? 1U : 4093U) {
    put(whole.substr(0, size));
    EXPECT_FALSE(reads_whole(broken)) << size;
  }
  for (std::size_t at = whole.size() - 400; at < whole.size(); ++at) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(~bytes[at]);
    put(bytes);
    (void)reads_whole(broken);
  }
}

}  // namespace
}  // namespace restitch::batch
