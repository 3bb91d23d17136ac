#include "cli/metrics_server.h"

#include <fmt/format.h>
#include <httplib.h>

#include <charconv>
#include <mutex>
#include <thread>
#include <utility>

namespace restitch::cli {
namespace {

constexpr const char* content_type = "text/plain; version=0.0.4; charset=utf-8";
// Requests are small, and scrapers few: nobody may keep many threads or much memory busy.
constexpr std::size_t threads = 2;
constexpr std::size_t request_size_max = 4096;

struct HostAndPort {
  std::string host = "127.0.0.1";
  int port = 0;
};

Result<HostAndPort> parse(const std::string& text) {
  HostAndPort out;
  const std::size_t colon = text.rfind(':');
  const std::string port = colon == std::string::npos ? text : text.substr(colon + 1);
  if (colon != std::string::npos) out.host = text.substr(0, colon);
  if (out.host.size() > 2 && out.host.front() == '[' && out.host.back() == ']') {
    out.host = out.host.substr(1, out.host.size() - 2);
  }
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  constexpr int port_max = 65'535;
  if (error != std::errc() || end != port.data() + port.size() || out.port < 0 || out.port > port_max ||
      out.host.empty()) {
    return failure(ErrorCode::invalid_argument, "--metrics: \"" + text + "\" is not [ADDRESS:]PORT");
  }
  return out;
}

}  // namespace

struct MetricsServer::Server {
  httplib::Server http;
  std::mutex mutex;
  std::string text;
  std::thread thread;
};

MetricsServer::MetricsServer(std::unique_ptr<Server> server, std::string address)
    : server_(std::move(server)), address_(std::move(address)) {}

MetricsServer::~MetricsServer() {
  server_->http.stop();
  server_->thread.join();
}

Result<std::unique_ptr<MetricsServer>> MetricsServer::open(const std::string& address) {
  const auto parsed = parse(address);
  if (!parsed) return tl::unexpected(parsed.error());
  auto server = std::make_unique<Server>();
  Server& state = *server;
  state.http.new_task_queue = [] { return new httplib::ThreadPool(threads); };  // the server deletes it
  state.http.set_payload_max_length(request_size_max);
  state.http.set_keep_alive_max_count(1);
  // Not SO_REUSEPORT, which httplib prefers: two runs on one port would answer in turns.
  state.http.set_socket_options([](int socket) {
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  state.http.Get("/metrics", [&state](const httplib::Request&, httplib::Response& response) {
    const std::lock_guard lock(state.mutex);
    response.set_content(state.text, content_type);
  });
  int port = parsed->port;
  if (port == 0) {
    port = state.http.bind_to_any_port(parsed->host);
  } else if (!state.http.bind_to_port(parsed->host, port)) {
    port = -1;
  }
  if (port < 0) return failure(ErrorCode::io, "--metrics: cannot listen on " + address);
  state.thread = std::thread([&state] { state.http.listen_after_bind(); });
  while (!state.http.is_running()) std::this_thread::yield();  // stop() before that would be lost
  const bool v6 = parsed->host.find(':') != std::string::npos;
  return std::unique_ptr<MetricsServer>(new MetricsServer(
      std::move(server), fmt::format("{}{}{}:{}", v6 ? "[" : "", parsed->host, v6 ? "]" : "", port)));
}

void MetricsServer::publish(std::string text) {
  const std::lock_guard lock(server_->mutex);
  server_->text = std::move(text);
}

}  // namespace restitch::cli
