#include "capture/http_source.h"

#ifdef RESTITCH_HTTP

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

namespace restitch {

namespace {

using std::chrono::milliseconds;

// How often a silent server looks at the flag.
constexpr milliseconds http_look_interval{50};
constexpr long connect_timeout_s = 30;
constexpr long redirects_max = 10;

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct MultiDeleter {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

class HttpSource final : public ByteSource {
 public:
  HttpSource(const std::string& url, FileSource::StopFlag stop);
  ~HttpSource() override;
  HttpSource(const HttpSource&) = delete;
  HttpSource& operator=(const HttpSource&) = delete;

  std::size_t read(std::uint8_t* to, std::size_t size) override;
  [[nodiscard]] bool idle() const override { return idle_; }
  [[nodiscard]] bool stopped() const override { return stopped_; }
  void set_patience_ms(int ms) override { patience_ = milliseconds(ms); }
  [[nodiscard]] const std::string& failure() const override { return failure_; }
  [[nodiscard]] std::uint64_t bytes_read() const override { return bytes_read_; }
  [[nodiscard]] std::optional<std::uint64_t> size() const override;

 private:
  using Clock = std::chrono::steady_clock;

  static std::size_t receive(char* bytes, std::size_t size, std::size_t count, void* self);
  [[nodiscard]] bool stop_asked() const { return stop_ != nullptr && stop_->load(); }
  std::size_t give(std::uint8_t* to, std::size_t size);
  void go_on();
  void wait(milliseconds longest);
  void end(CURLcode status);

  FileSource::StopFlag stop_;
  std::optional<milliseconds> patience_;
  std::array<char, CURL_ERROR_SIZE> why_{};
  std::unique_ptr<CURL, EasyDeleter> easy_;
  std::unique_ptr<CURLM, MultiDeleter> multi_;
  std::vector<std::uint8_t> piece_;  // what arrived last …
  std::size_t given_ = 0;            // … and how much of it was read
  bool paused_ = false;              // the next piece waits until this one was read
  bool ended_ = false;
  bool idle_ = false;
  bool stopped_ = false;
  std::uint64_t bytes_read_ = 0;
  std::string failure_;
};

HttpSource::HttpSource(const std::string& url, FileSource::StopFlag stop)
    : stop_(stop), easy_(curl_easy_init()), multi_(curl_multi_init()) {
  CURL* const easy = easy_.get();
  if (easy == nullptr || multi_ == nullptr) {
    ended_ = true;
    failure_ = "out of memory";
    return;
  }
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(easy, CURLOPT_MAXREDIRS, redirects_max);
  curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, connect_timeout_s);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "restitch");
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, why_.data());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &HttpSource::receive);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_multi_add_handle(multi_.get(), easy);
}

HttpSource::~HttpSource() {
  if (multi_ && easy_) curl_multi_remove_handle(multi_.get(), easy_.get());
}

std::size_t HttpSource::receive(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto& source = *static_cast<HttpSource*>(self);
  if (source.given_ < source.piece_.size()) {
    source.paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  source.piece_.assign(bytes, bytes + size * count);
  source.given_ = 0;
  return size * count;
}

std::size_t HttpSource::read(std::uint8_t* to, std::size_t size) {
  const Clock::time_point begin = Clock::now();
  idle_ = false;
  for (;;) {
    if (given_ < piece_.size()) return give(to, size);
    if (ended_) return 0;
    if (stop_asked()) {
      stopped_ = true;
      return 0;
    }
    go_on();
    if (given_ < piece_.size() || ended_) continue;
    const auto waited = std::chrono::duration_cast<milliseconds>(Clock::now() - begin);
    if (patience_ && waited >= *patience_) {
      idle_ = true;
      return 0;
    }
    wait(patience_ ? std::min(http_look_interval, *patience_ - waited) : http_look_interval);
  }
}

std::size_t HttpSource::give(std::uint8_t* to, std::size_t size) {
  const std::size_t some = std::min(size, piece_.size() - given_);
  std::memcpy(to, piece_.data() + given_, some);
  given_ += some;
  bytes_read_ += some;
  return some;
}

// Receives what is there.
void HttpSource::go_on() {
  if (std::exchange(paused_, false)) curl_easy_pause(easy_.get(), CURLPAUSE_CONT);
  int running = 0;
  if (curl_multi_perform(multi_.get(), &running) != CURLM_OK) return end(CURLE_FAILED_INIT);
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg == CURLMSG_DONE) end(message->data.result);
  }
}

void HttpSource::wait(milliseconds longest) {
  curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(longest.count()), nullptr);
}

void HttpSource::end(CURLcode status) {
  ended_ = true;
  if (status != CURLE_OK) failure_ = why_.front() != '\0' ? why_.data() : curl_easy_strerror(status);
}

std::optional<std::uint64_t> HttpSource::size() const {
  curl_off_t size = -1;
  if (!easy_ || curl_easy_getinfo(easy_.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size) != CURLE_OK)
    return {};
  if (size <= 0) return std::nullopt;
  return static_cast<std::uint64_t>(size);
}

}  // namespace

Result<std::unique_ptr<ByteSource>> open_http(const std::string& url, FileSource::StopFlag stop) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (ready != CURLE_OK) return failure(ErrorCode::io, url + ": " + curl_easy_strerror(ready));
  return std::make_unique<HttpSource>(url, stop);
}

}  // namespace restitch

#else

namespace restitch {

Result<std::unique_ptr<ByteSource>> open_http(const std::string& url, FileSource::StopFlag /*stop*/) {
  return failure(ErrorCode::unsupported,
                 url + ": this build has no libcurl; try: curl -s URL | restitch COMMAND -");
}

}  // namespace restitch

#endif

namespace restitch {

bool is_http(std::string_view name) { return name.starts_with("http://") || name.starts_with("https://"); }

}  // namespace restitch
