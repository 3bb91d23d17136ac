#include "cli/metrics_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <vector>

namespace restitch::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

const std::string get = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";

// A client of a server on 127.0.0.1. Reading ends where the server ends it.
class Client {
 public:
  explicit Client(const MetricsServer& server) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const std::string& address = server.address();
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0;
  }
  Client(Client&& other) noexcept : socket_(std::exchange(other.socket_, -1)), connected_(other.connected_) {}
  Client& operator=(Client&&) = delete;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() {
    if (socket_ >= 0) ::close(socket_);
  }

  [[nodiscard]] bool connected() const { return connected_; }
  bool send(std::string_view text) const {
    return ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  [[nodiscard]] std::string read() const {
    std::string all;
    std::array<char, 4096> piece;
    for (ssize_t got = 0; (got = ::recv(socket_, piece.data(), piece.size(), 0)) > 0;) {
      all.append(piece.data(), static_cast<std::size_t>(got));
    }
    return all;
  }

 private:
  int socket_;
  bool connected_ = false;
};

std::string answer_to(const MetricsServer& server, std::string_view request) {
  const Client client(server);
  EXPECT_TRUE(client.connected() && client.send(request));
  return client.read();
}

std::unique_ptr<MetricsServer> open_server() {
  auto server = MetricsServer::open("0");
  EXPECT_TRUE(server) << server.error().message;
  (*server)->publish("packets 1\n");
  return std::move(*server);
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

TEST(MetricsServer, AnswersWithTheTextPublishedLast) {
  const auto server = open_server();
  EXPECT_THAT(answer_to(*server, get), EndsWith("\r\n\r\npackets 1\n"));
  server->publish("packets 2\n");
  EXPECT_THAT(answer_to(*server, get), EndsWith("\r\n\r\npackets 2\n"));
  const std::string large(3'000'000, 'x');
  server->publish(large);
  EXPECT_THAT(answer_to(*server, get), EndsWith("\r\n\r\n" + large));
}

TEST(MetricsServer, SaysWhyItCannotListen) {
  const auto server = open_server();
  const auto second = MetricsServer::open(server->address());
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr(server->address() + ": the port is in use"));
  EXPECT_EQ(MetricsServer::open("65536").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(MetricsServer::open("9100x").error().code, ErrorCode::invalid_argument);
}

TEST(MetricsServer, RefusesBodiesAndWhatHasNoEnd) {
  const auto server = open_server();
  EXPECT_THAT(answer_to(*server, "GET /metrics HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
              StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(answer_to(*server, "POST /metrics HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n"),
              StartsWith("HTTP/1.1 405 "));
  const std::string half(2048, 'a');
  const Client line(*server);
  EXPECT_TRUE(line.send(half) && line.send(half));
  EXPECT_THAT(line.read(), StartsWith("HTTP/1.1 431 "));
}

TEST(MetricsServer, IsNotKeptFromAnsweringByClientsThatSayNothing) {
  const auto server = open_server();
  const std::size_t before = open_descriptors();
  std::vector<Client> silent;
  for (int i = 0; i < 50; ++i) {
    silent.emplace_back(*server);
    EXPECT_TRUE(silent.back().connected());
    (void)silent.back().send("GET /metr");
  }
  EXPECT_THAT(answer_to(*server, get), EndsWith("packets 1\n"));
  EXPECT_LE(open_descriptors(), before + silent.size() + MetricsServer::clients_max);
  EXPECT_THAT(silent.front().read(), IsEmpty()) << "the first had to go";
}

// The destructor waits for nobody: otherwise this test would not end for the five seconds that clients have.
TEST(MetricsServer, EndsWhileAClientReadsSlowly) {
  auto server = open_server();
  server->publish(std::string(30'000'000, 'x'));
  const Client slow(*server);
  EXPECT_TRUE(slow.send(get));
  const Client silent(*server);
  server.reset();
  EXPECT_LT(slow.read().size(), 30'000'000u);
}

// In a process of its own: a client takes the last descriptor, so that there is none to accept it with.
[[noreturn]] void run_out_of_descriptors() {
  const rlimit few{64, 64};
  if (::setrlimit(RLIMIT_NOFILE, &few) != 0) ::_exit(1);
  const auto server = open_server();
  std::vector<int> taken;
  for (int one = 0; (one = ::dup(0)) >= 0;) taken.push_back(one);
  ::close(taken.back());
  taken.pop_back();
  const Client client(*server);
  if (!client.connected() || !client.send(get)) ::_exit(2);
  server->publish("packets 2\n");
  for (const int one : taken) ::close(one);
  ::_exit(client.read().ends_with("packets 2\n") ? 0 : 3);
}

TEST(MetricsServer, OutlivesALackOfDescriptors) {
  const pid_t child = ::fork();
  if (child == 0) run_out_of_descriptors();
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace restitch::cli
