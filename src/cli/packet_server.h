// PacketServer: a pcapng file that is made while others read it, through TCP (pcap-over-IP): whoever connects
// gets it from its start, with the packets from then on. It owns its sockets. One thread.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "restitch/output_pcapng.h"
#include "restitch/result.h"

namespace restitch::cli {

class PacketServer {
 public:
  // At the same time; when one more comes, it is turned away.
  static constexpr std::size_t clients_max = 8;
  // What may wait for a client that reads slowly, in bytes.
  static constexpr std::size_t waiting_max = std::size_t{4} << 20;

  enum class Slowness {
    waited_for,  // of files: they can wait
    dropped,     // live: a client that is too far behind has to go
  };

  // As listen_on() has it.
  static Result<std::unique_ptr<PacketServer>> open(const std::string& address, Slowness slowness);

  PacketServer(const PacketServer&) = delete;
  PacketServer& operator=(const PacketServer&) = delete;
  ~PacketServer();

  [[nodiscard]] const std::string& address() const { return address_; }

  // Waits until somebody reads, or an interrupt.
  void wait_for_client();

  // For the stream of a connection.
  void send(const TcpSegment& tcp, const NetFlow& net, const PacketContext& packet);

  // To be called now and then: who wants to read is let in, and what waits is passed on as far as it goes.
  void go_on();

  // Passes on all that waits, and closes the connections in order. After an interrupt, for no more
  // than a second.
  void finish();

  [[nodiscard]] bool has_clients() const { return !clients_.empty(); }
  [[nodiscard]] std::uint64_t packets() const { return packets_; }
  [[nodiscard]] std::uint64_t clients_served() const { return clients_served_; }
  [[nodiscard]] std::uint64_t clients_dropped() const { return clients_dropped_; }

 private:
  struct Client {
    int socket = -1;
    std::vector<std::uint8_t> waiting;
    std::size_t sent = 0;  // of that

    [[nodiscard]] std::size_t left() const { return waiting.size() - sent; }
  };

  PacketServer(int listener, std::string address, Slowness slowness)
      : listener_(listener), address_(std::move(address)), slowness_(slowness) {}

  void wait(bool for_clients);
  void let_in();
  bool pass_on(Client& client);
  void relieve(Client& client);
  [[nodiscard]] bool anything_waits() const;

  int listener_;
  std::string address_;
  Slowness slowness_;
  PcapngPackets file_;
  std::vector<std::uint8_t> block_;  // of one packet
  std::list<Client> clients_;
  std::uint64_t packets_ = 0;
  std::uint64_t clients_served_ = 0;
  std::uint64_t clients_dropped_ = 0;
};

}  // namespace restitch::cli
