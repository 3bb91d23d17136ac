// lossy_link: a cable between two TAP devices that loses, reorders and repeats frames, for tests.
//
// The kernel's own netem does the same, but not every kernel has it, and it draws from the kernel's
// randomness; here a seed decides. `tools/record_sample.py` shows it in use.
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>

#include "impairment.h"

namespace lossy_link {
namespace {

constexpr int kExitUsage = 1;
constexpr int kExitDevice = 2;
constexpr std::size_t kFrameSizeMax = 65'536 + 18;
constexpr int kBurst = 64;  // frames read from one side before the other has its turn

struct Options {
  std::string left;
  std::string right;
  Rates rates;
  double delay_ms = 0;
  double hold_ms = 20;
  std::uint64_t seed = 1;
  unsigned seconds_max = 600;
};

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

class Descriptor {
 public:
  Descriptor(int fd, const std::string& what) : fd_(fd) {
    if (fd < 0) fail(what);
  }
  ~Descriptor() { ::close(fd_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

void enter_namespace(int fd, const std::string& name) {
  if (::setns(fd, CLONE_NEWNET) != 0) fail("enter network namespace " + name);
}

int open_tap(const std::string& device) {
  const int fd = ::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) fail("open /dev/net/tun");
  ifreq request{};
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  if (device.empty() || device.size() >= sizeof request.ifr_name) {
    throw std::invalid_argument("not a device name: '" + device + "'");
  }
  device.copy(request.ifr_name, sizeof request.ifr_name - 1);
  if (::ioctl(fd, TUNSETIFF, &request) != 0) fail("attach to TAP device " + device);
  return fd;
}

// `where` is DEVICE or NAMESPACE:DEVICE, a namespace of `ip netns`.
int open_end(const std::string& where) {
  const std::size_t colon = where.find(':');
  if (colon == std::string::npos) return open_tap(where);
  const std::string name = where.substr(0, colon);
  const Descriptor home(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), "open own network namespace");
  const Descriptor other(::open(("/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC),
                         "open network namespace " + name);
  enter_namespace(other.get(), name);
  const int fd = open_tap(where.substr(colon + 1));
  enter_namespace(home.get(), "of the start");
  return fd;
}

std::int64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

struct Direction {
  const char* name;
  int from;
  int to;
  Impairment impairment;
  std::uint64_t refused = 0;  // by the device at the far end, which was down or full
};

void take_frames(Direction& direction) {
  static std::array<std::byte, kFrameSizeMax> buffer;
  for (int i = 0; i < kBurst; ++i) {
    const ssize_t size = ::read(direction.from, buffer.data(), buffer.size());
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size < 0) fail("read from TAP device");
    direction.impairment.push(Frame(buffer.begin(), buffer.begin() + size), now_ns());
  }
}

void give_frames(Direction& direction) {
  while (const auto frame = direction.impairment.pop(now_ns())) {
    if (::write(direction.to, frame->data(), frame->size()) < 0) ++direction.refused;
  }
}

timespec until_next(const std::array<Direction, 2>& directions, std::int64_t end_ns) {
  std::int64_t next_ns = end_ns;
  for (const Direction& direction : directions) {
    next_ns = std::min(next_ns, direction.impairment.next_due_ns().value_or(end_ns));
  }
  const std::int64_t wait_ns = std::max<std::int64_t>(next_ns - now_ns(), 0);
  return {wait_ns / 1'000'000'000, wait_ns % 1'000'000'000};
}

// Returns when a signal asks for the end or the time is up.
void forward(std::array<Direction, 2>& directions, int signals, std::int64_t end_ns) {
  while (now_ns() < end_ns) {
    std::array<pollfd, 3> polled{{{directions[0].from, POLLIN, 0},  //
                                  {directions[1].from, POLLIN, 0},
                                  {signals, POLLIN, 0}}};
    const timespec wait = until_next(directions, end_ns);
    if (::ppoll(polled.data(), polled.size(), &wait, nullptr) < 0 && errno != EINTR) fail("poll");
    if (polled[2].revents != 0) return;
    for (std::size_t i = 0; i < directions.size(); ++i) {
      if ((polled[i].revents & ~POLLIN) != 0) throw std::runtime_error("a TAP device went away");
      if (polled[i].revents != 0) take_frames(directions[i]);
      give_frames(directions[i]);
    }
  }
}

void print_counts(const Direction& direction) {
  const Counts& counts = direction.impairment.counts();
  std::printf("%s frames=%ju lost=%ju reordered=%ju repeated=%ju forwarded=%ju refused=%ju\n", direction.name,
              std::uintmax_t{counts.frames}, std::uintmax_t{counts.lost}, std::uintmax_t{counts.reordered},
              std::uintmax_t{counts.repeated}, std::uintmax_t{counts.forwarded},
              std::uintmax_t{direction.refused});
}

int block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  if (::sigprocmask(SIG_BLOCK, &signals, nullptr) != 0) fail("block signals");
  return ::signalfd(-1, &signals, SFD_CLOEXEC);
}

void run(const Options& options) {
  const Descriptor signals(block_signals(), "signalfd");
  const Descriptor left(open_end(options.left), "left end");
  const Descriptor right(open_end(options.right), "right end");
  std::array<Direction, 2> directions{
      Direction{"left-to-right", left.get(), right.get(), Impairment(options.rates, options.seed * 2)},
      Direction{"right-to-left", right.get(), left.get(), Impairment(options.rates, options.seed * 2 + 1)}};
  std::puts("ready");
  std::fflush(stdout);
  forward(directions, signals.get(), now_ns() + std::int64_t{options.seconds_max} * 1'000'000'000);
  for (const Direction& direction : directions) print_counts(direction);
}

void declare(CLI::App& app, Options& options) {
  app.add_option("left", options.left, "TAP device of one end, DEVICE or NAMESPACE:DEVICE")->required();
  app.add_option("right", options.right, "TAP device of the other end")->required();
  const auto rate = [&app](const char* name, double& value, const char* text) {
    app.add_option(name, value, text)->check(CLI::Range(0.0, 1.0))->capture_default_str();
  };
  rate("--loss", options.rates.loss, "Probability that a frame is lost");
  rate("--reorder", options.rates.reorder, "Probability that a frame is held back");
  rate("--duplicate", options.rates.duplicate, "Probability that a frame is sent once more");
  app.add_option("--reorder-depth", options.rates.reorder_depth, "Frames that overtake a held one, at most")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  app.add_option("--hold-ms", options.hold_ms, "A held frame goes on after this time at the latest")
      ->check(CLI::Range(0.0, 60'000.0))
      ->capture_default_str();
  app.add_option("--delay-ms", options.delay_ms, "Delay of every frame")
      ->check(CLI::Range(0.0, 60'000.0))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "Decides the fate of every frame")->capture_default_str();
  app.add_option("--seconds-max", options.seconds_max, "End by itself after this time")
      ->capture_default_str();
}

}  // namespace
}  // namespace lossy_link

int main(int argc, char** argv) {
  lossy_link::Options options;
  CLI::App app{
      "Connects two TAP devices and loses, reorders and repeats frames on the way.\n"
      "Prints 'ready' when it forwards, and what it did to each direction at the end (SIGTERM or SIGINT).\n"
      "Exit status: 0 ended as asked, 1 usage, 2 a device could not be opened or failed."};
  lossy_link::declare(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : lossy_link::kExitUsage;
  }
  options.rates.delay_ns = static_cast<std::int64_t>(options.delay_ms * 1e6);
  options.rates.hold_max_ns = static_cast<std::int64_t>(options.hold_ms * 1e6);
  try {
    lossy_link::run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "lossy_link: %s\n", error.what());
    return lossy_link::kExitDevice;
  }
  return 0;
}
