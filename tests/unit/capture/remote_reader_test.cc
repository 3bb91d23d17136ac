// Senders of packets that come and go (pcap-over-IP).
#include "capture/remote_reader.h"

#include <gmock/gmock.h>

#include <atomic>

#include "unit/capture/local_sender.h"

namespace restitch::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

ByteVector capture(std::string_view first, std::string_view second, Order order = Order::little) {
  return PcapBuilder(order).record(1, 0, first).record(2, 0, second).bytes;
}

class RemoteReaderTest : public ::testing::Test {
 protected:
  void open(bool insist = false) {
    FollowOptions options;
    options.stop = &stop_;
    options.on_broken = [this](const std::string& /*name*/, const std::string& why) {
      broken_.push_back(why);
    };
    auto opened = open_remote("tcp://" + sender_.address(), options, insist);
    ASSERT_TRUE(opened) << opened.error().message;
    reader_ = std::move(*opened);
  }
  // Reads until `done`.
  template <class Done>
  void read_until(const Done& done) {
    while (!done()) {
      for (const Record& record : reader_->next_batch()) {
        frames_.emplace_back(record.frame.begin(), record.frame.end());
        numbers_.push_back(record.info.packet_number);
        interfaces_.push_back(record.info.interface_index);
      }
    }
  }
  void read_frames(std::size_t count) {
    read_until([&] { return frames_.size() == count; });
  }
  void read_to_end() {
    read_until([&] { return reader_->finished(); });
  }
  void accept_next() {
    read_until([&] { return sender_.is_wanted(); });
    sender_.accept();
  }

  LocalSender sender_;
  std::atomic<bool> stop_ = false;
  std::unique_ptr<CaptureReader> reader_;
  std::vector<std::string> frames_;
  std::vector<std::uint64_t> numbers_;
  std::vector<std::uint32_t> interfaces_;
  std::vector<std::string> broken_;
};

TEST_F(RemoteReaderTest, ReadsUntilTheSenderClosesTheConnection) {
  for (const Order order : {Order::little, Order::big}) {
    frames_.clear();
    sender_.listen();
    open();
    sender_.accept();
    sender_.send(capture("one", "two", order));
    read_frames(2);
    EXPECT_FALSE(reader_->finished());
    sender_.close();
    read_to_end();
    EXPECT_THAT(frames_, ElementsAre("one", "two"));
    EXPECT_FALSE(reader_->end().damaged) << reader_->end().message;
    EXPECT_FALSE(reader_->end().stopped);
    EXPECT_EQ(reader_->bytes_read(), capture("one", "two").size());
  }
}

TEST_F(RemoteReaderTest, ConnectsAnewWhenAConnectionBreaksOffAndCountsThat) {
  sender_.listen();
  open();
  sender_.accept();
  const ByteVector first = capture("one", "two");
  sender_.send(Bytes(first).first(first.size() - 1));
  read_frames(1);
  sender_.close();
  accept_next();
  EXPECT_THAT(broken_, ElementsAre(HasSubstr("cut short in the middle of record 2")));
  sender_.send(capture("three", "four", Order::big));
  read_frames(3);
  sender_.reset();
  accept_next();
  sender_.send(capture("five", "six"));
  sender_.close();
  read_to_end();
  EXPECT_THAT(frames_, ElementsAre("one", "three", "four", "five", "six"));
  EXPECT_THAT(numbers_, ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(interfaces_, ElementsAre(0, 0, 0, 0, 0));
  EXPECT_EQ(reader_->metadata().interfaces.size(), 1U);
  EXPECT_THAT(broken_, ElementsAre(HasSubstr("cut short"), HasSubstr("Connection reset by peer")));
  EXPECT_TRUE(reader_->end().damaged);
  EXPECT_THAT(reader_->end().message, StartsWith("2 connections to the sender broke off"));
}

TEST_F(RemoteReaderTest, ThatInsistsWaitsForASenderAndForItsReturn) {
  open(true);  // nobody listens
  read_until([&] { return !broken_.empty(); });
  EXPECT_THAT(broken_, ElementsAre("Connection refused"));
  sender_.listen();
  accept_next();
  sender_.send(capture("one", "two"));
  sender_.close();
  accept_next();
  EXPECT_THAT(broken_, ElementsAre("Connection refused", "the sender closed the connection"));
  sender_.send(capture("three", "four"));
  read_frames(4);
  stop_ = true;
  read_to_end();
  EXPECT_THAT(frames_, ElementsAre("one", "two", "three", "four"));
  EXPECT_TRUE(reader_->end().stopped);
}

TEST_F(RemoteReaderTest, FailsWhenNobodyIsThere) {
  const auto opened = open_remote("tcp://" + sender_.address(), {});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::io);
  EXPECT_EQ(opened.error().message, "tcp://" + sender_.address() + ": Connection refused");
}

TEST_F(RemoteReaderTest, EndsAtWhatIsNoCapture) {
  sender_.listen();
  open();
  sender_.accept();
  sender_.send("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n");
  sender_.close();
  read_to_end();
  EXPECT_TRUE(reader_->end().damaged);
  EXPECT_THAT(reader_->end().message, HasSubstr("text"));
  EXPECT_THAT(broken_, IsEmpty());
}

TEST_F(RemoteReaderTest, EndsInTheMiddleWhenItIsAskedTo) {
  sender_.listen();
  open();
  sender_.accept();
  const ByteVector bytes = capture("one", "two");
  sender_.send(Bytes(bytes).first(bytes.size() - 1));
  read_frames(1);
  stop_ = true;
  read_to_end();
  EXPECT_TRUE(reader_->end().stopped);
  EXPECT_FALSE(reader_->end().damaged) << reader_->end().message;
}

TEST(RemoteAddress, HasAHostAndAPort) {
  struct Case {
    const char* name;
    const char* host;
    const char* port;
  };
  for (const Case& expected :
       {Case{"tcp://sensor", "sensor", "57012"}, Case{"tcp://sensor:1", "sensor", "1"},
        Case{"tcp://10.0.0.1:4711/", "10.0.0.1", "4711"}, Case{"TCP@10.0.0.1:65535", "10.0.0.1", "65535"},
        Case{"tcp://[2001:db8::1]", "2001:db8::1", "57012"}, Case{"TCP@[::1]:99", "::1", "99"}}) {
    ASSERT_TRUE(is_remote(expected.name));
    const auto address = RemoteAddress::parse(expected.name);
    ASSERT_TRUE(address) << address.error().message;
    EXPECT_EQ(address->host, expected.host);
    EXPECT_EQ(address->port, expected.port);
  }
}

TEST(RemoteAddress, IsRefusedWhereItMakesNoSense) {
  for (const char* name :
       {"tcp://", "tcp://:1", "tcp://a:", "tcp://a:0", "tcp://a:65536", "tcp://a:http", "tcp://[::1",
        "tcp://::1", "tcp://a/b", "tcp://user@a", "TCP@", "tcp://[]:1", "tcp://[::1]x:1"}) {
    ASSERT_TRUE(is_remote(name));
    const auto address = RemoteAddress::parse(name);
    ASSERT_FALSE(address) << name;
    EXPECT_THAT(address.error().message, HasSubstr("is not tcp://HOST[:PORT]"));
  }
  for (const char* name : {"", "-", "tcp", "tcp:", "tcp:/a", "a.pcap", "./tcp://a", "http://a"}) {
    EXPECT_FALSE(is_remote(name)) << name;
  }
}

}  // namespace
}  // namespace restitch::testing
