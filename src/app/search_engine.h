// SearchEngine: Hyperscan's automaton for the patterns of SearchPatterns, and SearchScratch, what a thread
// needs to run it. The one place that knows the library (docs/decisions/0013-search-by-hyperscan.md).
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "restitch/packet.h"
#include "restitch/result.h"

namespace restitch {

// A pattern as the engine is given it.
struct SearchExpression {
  std::string text;
  bool ignore_case = false;
  bool start_wanted = false;  // of its matches; false: the engine has no need to know it
  bool once = false;          // only the first match is told
};

// Bytes that a match may have.
struct SearchWidth {
  std::uint64_t min = 0;
  std::uint64_t max = 0;  // SearchPatterns::unbounded
};

class SearchEngine {
 public:
  // false: nothing more is to be told in this call, and in this stream.
  using OnMatch = bool (*)(void* context, unsigned pattern, std::uint64_t from, std::uint64_t to);

  struct Handle;  // of the library

  static std::string version();
  // An Error says what is wrong with the expression, without naming it.
  static Result<SearchWidth> width_of(const SearchExpression& expression);
  // Whether the engine can say where matches of it begin.
  static bool has_starts(const SearchExpression& expression);
  static Result<std::unique_ptr<SearchEngine>> compile(const std::vector<SearchExpression>& expressions);

  explicit SearchEngine(std::unique_ptr<Handle> handle);
  SearchEngine(const SearchEngine&) = delete;
  SearchEngine& operator=(const SearchEngine&) = delete;
  ~SearchEngine();

  [[nodiscard]] std::size_t state_size() const;
  [[nodiscard]] const Handle& handle() const { return *handle_; }

 private:
  std::unique_ptr<Handle> handle_;
};

// A state is made by the first scan(), and given back by forget() or finish(). A large one is kept in fewer
// bytes between two calls.
// A place at which the engine says that a pattern matches, in the text that is searched.
struct SearchHit {
  std::uint64_t to = 0;
  std::uint64_t from = 0;
  unsigned pattern = 0;

  friend auto operator<=>(const SearchHit&, const SearchHit&) = default;
};

class SearchScratch {
 public:
  // Of the call of the engine at hand.
  [[nodiscard]] std::vector<SearchHit>& hits() { return hits_; }

  using State = void*;

  explicit SearchScratch(const SearchEngine& engine);
  SearchScratch(const SearchScratch&) = delete;
  SearchScratch& operator=(const SearchScratch&) = delete;
  ~SearchScratch();

  void scan(State& state, Bytes bytes, SearchEngine::OnMatch on_match, void* context);
  // Nothing more comes: matches at the end are told.
  void finish(State& state, SearchEngine::OnMatch on_match, void* context);
  static void forget(State& state);

 private:
  struct Parts;

  std::unique_ptr<Parts> parts_;
  std::vector<SearchHit> hits_;
};

}  // namespace restitch
