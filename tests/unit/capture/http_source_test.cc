// Captures from a web server.
#include "capture/http_source.h"

#include <gmock/gmock.h>

#include <atomic>

#include "capture/pipe_reader.h"
#include "unit/capture/local_sender.h"

namespace restitch::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class HttpSourceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    sender_.listen();
    auto opened = open_at_once("http://" + sender_.address() + "/a.pcap", &stop_);
    if (!opened && opened.error().code == ErrorCode::unsupported) GTEST_SKIP() << opened.error().message;
    ASSERT_TRUE(opened) << opened.error().message;
    reader_ = std::move(*opened);
    reader_->set_patience_ms(1);
    accept_next();
  }
  void accept_next() {
    read_until([&] { return sender_.is_wanted(); });
    sender_.accept();
  }
  template <class Done>
  void read_until(const Done& done) {
    while (!done()) {
      for (const Record& record : reader_->next_batch()) {
        frames_.emplace_back(record.frame.begin(), record.frame.end());
      }
    }
  }
  void read_to_end() {
    read_until([&] { return reader_->finished(); });
  }

  LocalSender sender_;
  std::atomic<bool> stop_ = false;
  std::unique_ptr<CaptureReader> reader_;
  std::vector<std::string> frames_;
  ByteVector capture_ = PcapBuilder().record(1, 0, "one").record(2, 0, "two").bytes;
};

TEST_F(HttpSourceTest, GivesWhatCameBeforeTheRestDoes) {
  sender_.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(capture_.size()) + "\r\n\r\n");
  sender_.send(Bytes(capture_).first(capture_.size() - 1));
  read_until([&] { return frames_.size() == 1; });
  EXPECT_FALSE(reader_->finished());
  EXPECT_EQ(reader_->size(), capture_.size());
  sender_.send(Bytes(capture_).last(1));
  read_to_end();
  EXPECT_THAT(frames_, ElementsAre("one", "two"));
  EXPECT_FALSE(reader_->end().damaged) << reader_->end().message;
}

TEST_F(HttpSourceTest, SaysWhatTheServerRefuses) {
  sender_.send("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  read_to_end();
  EXPECT_THAT(reader_->end().message, HasSubstr("404"));
  EXPECT_THAT(frames_, IsEmpty());
}

TEST_F(HttpSourceTest, IsDamagedWhereTheServerBreaksOff) {
  sender_.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(capture_.size()) + "\r\n\r\n");
  sender_.send(Bytes(capture_).first(capture_.size() - 19));  // all of the first record
  sender_.close();
  read_to_end();
  EXPECT_THAT(frames_, ElementsAre("one"));
  EXPECT_TRUE(reader_->end().damaged);
}

TEST_F(HttpSourceTest, GoesWhereItIsSentToButReadsNoLocalFile) {
  sender_.send("HTTP/1.1 302 Found\r\nLocation: http://" + sender_.address() + "/b\r\nContent-Length: 0\r\n" +
               "Connection: close\r\n\r\n");
  sender_.close();
  accept_next();
  sender_.send("HTTP/1.1 302 Found\r\nLocation: file:///dev/zero\r\nContent-Length: 0\r\n\r\n");
  read_to_end();
  EXPECT_TRUE(reader_->end().damaged);
  EXPECT_THAT(reader_->end().message, HasSubstr("file"));
}

TEST_F(HttpSourceTest, EndsWhenItIsAskedTo) {
  sender_.send("HTTP/1.1 200 OK\r\n\r\n");
  sender_.send(Bytes(capture_).first(capture_.size() - 1));
  read_until([&] { return frames_.size() == 1; });
  stop_ = true;
  read_to_end();
  EXPECT_TRUE(reader_->end().stopped);
  EXPECT_FALSE(reader_->end().damaged) << reader_->end().message;
}

}  // namespace
}  // namespace restitch::testing
