#include "cli/service_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <string>

namespace restitch::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Listens as a service manager does, at an abstract address of this process.
class Listener {
 public:
  Listener() : socket_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un own{};
    own.sun_family = AF_UNIX;
    std::memcpy(own.sun_path + 1, name_.data(), name_.size());
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name_.size());
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&own), size), 0);
  }
  ~Listener() { ::close(socket_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  [[nodiscard]] std::string address() const { return "@" + name_; }
  // What came next; empty if nothing did.
  [[nodiscard]] std::string heard() const {
    std::array<char, 256> text{};
    const ssize_t size = ::recv(socket_, text.data(), text.size(), MSG_DONTWAIT);
    return {text.data(), size < 0 ? 0 : static_cast<std::size_t>(size)};
  }

 private:
  std::string name_ = "restitch-service-" + std::to_string(::getpid());
  int socket_;
};

TEST(ServiceManager, HearsOfTheBeginningAndOfTheEndOnce) {
  const Listener listener;
  ServiceManager manager(listener.address());
  EXPECT_TRUE(manager.stopping());
  EXPECT_THAT(listener.heard(), IsEmpty()) << "it never began";
  EXPECT_TRUE(manager.ready());
  EXPECT_EQ(listener.heard(), "READY=1");
  EXPECT_TRUE(manager.stopping());
  EXPECT_TRUE(manager.stopping());
  EXPECT_EQ(listener.heard(), "STOPPING=1");
  EXPECT_THAT(listener.heard(), IsEmpty());
}

TEST(ServiceManager, IsWhomTheEnvironmentNamesAndChildrenDoNotHearOfIt) {
  const Listener listener;
  ::setenv("NOTIFY_SOCKET", listener.address().c_str(), 1);
  EXPECT_TRUE(ServiceManager::of_environment().ready());
  EXPECT_EQ(listener.heard(), "READY=1");
  EXPECT_EQ(std::getenv("NOTIFY_SOCKET"), nullptr);
  EXPECT_TRUE(ServiceManager::of_environment().ready());
  EXPECT_THAT(listener.heard(), IsEmpty());
}

TEST(ServiceManager, ThatIsNotThereIsSaidInOneLine) {
  for (const std::string& address :
       {std::string("/nowhere/notify"), std::string("notify"), "/" + std::string(200, 'x')}) {
    const Result<void> told = ServiceManager(address).ready();
    ASSERT_FALSE(told) << address;
    EXPECT_THAT(told.error().message, HasSubstr("NOTIFY_SOCKET: "));
  }
}

}  // namespace
}  // namespace restitch::cli
