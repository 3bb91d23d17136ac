// A Session reads all that one run reads into one pool or several, and remembers what went wrong. One
// thread, but for the calls of an engine.
#pragma once

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/counters.h"
#include "cli/exit_status.h"
#include "cli/input.h"
#include "cli/interrupt.h"
#include "cli/key_log.h"
#include "cli/metrics_server.h"
#include "cli/options.h"
#include "cli/process.h"
#include "cli/progress.h"
#include "cli/service_manager.h"
#include "cli/standard_output.h"
#include "restitch/restitch.h"

namespace restitch::cli {

class Session {
 public:
  explicit Session(const Options& options)
      : options_(options), progress_(options.quiet), decoder_(options.input.decoder) {}

  // Opens what is to be read, the key log too. False: there is nothing to read, and that was said.
  bool open();

  // After opening an interface: keeps no right that is not needed any more (privileges.h); a folder that this
  // run made goes with them. False: it could not be done, and fail() said why.
  bool give_up_rights(const OutputFolder* folder = nullptr);

  // A folder to write to, and the same. Nothing: it could not be done, and fail() said why.
  std::optional<OutputFolder> open_folder(const std::string& path);

  // Serves metrics, if asked, when all that the work needs is open. False: it cannot, and fail() said why.
  bool serve_metrics();

  // Reads all into streams of type S, and ends them. `go_on()` is asked now and then, also when nothing
  // comes; false stops the reading.
  // Requires: open().
  template <class S, class Factory, class GoOn>
  void run(Factory& factory, GoOn&& go_on) {
    BasicStreamPool<S, Factory> pool(factory, pool_options());
    BasicAssembler<S, Factory> assembler(pool, options_.limits.assembler);
    drive(assembler, pool, go_on);
  }

  // The same for an assembler that is there already, and what counts for it, as a pool does.
  template <class AssemblerType, class Pool, class GoOn>
  void drive(AssemblerType& assembler, const Pool& pool, GoOn&& go_on) {
    begin();
    attempt([&] {
      feed(input_->reader(), decoder_, assembler, counts_.fed, [&] {
        note_reading([&] { return counts_of(pool); });
        keys_.read_on();
        return go_on();
      });
    });
    note_ends();
    attempt([&] { assembler.flush_all(end_of_rest()); });
    count(counts_of(pool));
  }

  // The same with several threads: into as many pools as `logs` has shards, with make_factory(shard) for
  // each. `go_on()` is called where `logs` calls its sink: by one thread at a time. `hosts_together`: see
  // EngineOptions.
  template <class S, class Factory, class MakeFactory>
  void run(ConnectionLogs& logs, MakeFactory&& make_factory, std::function<bool()> go_on,
           bool hosts_together = false) {
    Listener listener(*this, logs, std::move(go_on));
    Engine<S, Factory> engine({.threads = options_.threads,
                               .shards = logs.shards(),
                               .hosts_together = hosts_together,
                               .pool = pool_options(),
                               .assembler = options_.limits.assembler},
                              listener, make_factory);
    listener.watch(engine);
    begin();
    attempt([&] { engine.feed(input_->reader(), decoder_, counts_.fed); });
    note_ends();
    attempt([&] { engine.flush_all(end_of_rest()); });
    count(engine.counts());
  }

  // For go_on(): passes on what is to be told at once. False: the output has failed, and reading ends.
  bool show(StandardOutput& output);

  // Whether what is known is to be told at once, because nobody knows when more comes.
  [[nodiscard]] bool tells_at_once() const { return tells_at_once_; }
  // Whether nothing has come for a while, of a pipe. Where go_on() is called.
  [[nodiscard]] bool stalled() const { return stalled_; }

  // As the command line has it.
  [[nodiscard]] PoolOptions pool_options() const;

  // The output cannot be written: what reading broke off there is said. Where go_on() is called, which
  // answers false then.
  void break_off() { broken_off_ = true; }

  // A line on standard error, and exit status 2.
  void fail(const std::string& message);

  // Of TLS; nullptr: there are none. They grow where go_on() is called.
  [[nodiscard]] const TlsSecrets* secrets() const { return keys_.secrets(); }
  [[nodiscard]] Statistics statistics() const { return options_.statistics; }
  [[nodiscard]] bool live() const { return options_.input.live(); }
  [[nodiscard]] const Input& input() const { return *input_; }
  // As of the end of run(); with one thread, `fed` also before.
  [[nodiscard]] const RunCounts& counts() const { return counts_; }
  // Nothing could be read of any input, and that was said: there is nothing else to tell.
  [[nodiscard]] bool read_nothing() const;
  [[nodiscard]] const std::vector<std::string>& damages() const { return damages_; }
  [[nodiscard]] int status() const { return status_; }

 private:
  // Between the calls of an Engine and a session.
  class Listener final : public EngineListener {
   public:
    Listener(Session& session, ConnectionLogs& logs, std::function<bool()> go_on)
        : session_(session), logs_(logs), go_on_(std::move(go_on)) {}
    void watch(const detail::EngineBase& engine);

    bool chunk_read() override;
    void part_done(unsigned shard, std::size_t slot) override { logs_.part_done(shard, slot); }
    bool chunk_done(std::size_t slot) override;

   private:
    Session& session_;
    ConnectionLogs& logs_;
    std::function<bool()> go_on_;
    const detail::EngineBase* engine_ = nullptr;
  };

  // What a part of the work throws is said; the next part goes on with what is there.
  template <class Part>
  void attempt(Part&& part) {
    try {
      part();
    } catch (const std::exception& error) {
      reserve_.reset();
      break_off();
      fail(description_of(error));
    }
  }

  // A line on standard error, unless this run is to be silent.
  void tell(const std::string& message) const;

  // Shows how far it is.
  template <class Counts>
  void note_reading(Counts&& pool_counts) {
    progress_.update(input_->reader(), counts_.fed.packets);
    if (tells_at_once()) note_news();
    if (metrics_due()) publish(pool_counts());
    if (take_counts_request()) show_counts(pool_counts());
  }
  // Reading begins: all is open. A run without end tells so whoever started it.
  void begin();
  void note_news();
  void count(const PoolCounts& pool);
  void publish(const PoolCounts& pool);
  void show_counts(const PoolCounts& pool);
  void count_inputs();
  [[nodiscard]] bool metrics_due();
  void note_skipped();
  void note_ends();
  void note_end(const InputEnd& input);
  void note_incomplete(const std::string& how);
  // How connections ended that were open when reading did.
  [[nodiscard]] EndReason end_of_rest() const {
    return incomplete_ ? EndReason::interrupted : EndReason::end_of_input;
  }

  const Options& options_;
  Progress progress_;
  std::unique_ptr<Input> input_;
  KeyLog keys_;
  Decoder decoder_;
  RunCounts counts_;
  std::unique_ptr<MetricsServer> metrics_;
  ServiceManager manager_ = ServiceManager::of_environment();
  std::chrono::steady_clock::time_point published_{};
  std::uint64_t packets_noted_ = 0;  // when something came last …
  std::chrono::steady_clock::time_point news_ = std::chrono::steady_clock::now();  // … and that moment
  std::atomic<bool> stalled_ = false;
  std::size_t skipped_noted_ = 0;     // of the files that the input skips
  std::vector<std::string> damages_;  // a line for each input that was unreadable or damaged
  bool tells_at_once_ = false;
  bool broken_off_ = false;
  bool incomplete_ = false;   // reading ended before the input did …
  bool interrupted_ = false;  // … because of a signal
  int status_ = exit_ok;
  // Memory that is never used, for when there is no more: what was read is delivered with it.
  static constexpr std::size_t reserve_size = std::size_t{8} << 20;
  std::unique_ptr<char[]> reserve_ = std::make_unique_for_overwrite<char[]>(reserve_size);
};

}  // namespace restitch::cli
