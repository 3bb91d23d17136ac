#include "app/search_engine.h"

#ifdef RESTITCH_GREP
#include <hs/hs.h>
#endif

#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <string_view>
#include <utility>

#include "restitch/app/search.h"

namespace restitch {

#ifdef RESTITCH_GREP

namespace {

// Of a state that is larger, only what differs from that of a new stream is kept between two packets.
constexpr std::size_t state_unpacked_max = 256;

constexpr unsigned engine_mode = HS_MODE_STREAM | HS_MODE_SOM_HORIZON_LARGE;

unsigned engine_flags(const SearchExpression& expression) {
  unsigned flags = HS_FLAG_MULTILINE;
  if (expression.ignore_case) flags |= HS_FLAG_CASELESS;
  if (expression.start_wanted) flags |= HS_FLAG_SOM_LEFTMOST;
  if (expression.once) flags |= HS_FLAG_SINGLEMATCH;
  return flags;
}

// "Back-references are unsupported." as the end of a sentence of ours.
std::string engine_complaint(std::string_view message) {
  if (message.find("empty buffer") != std::string_view::npos) {
    return "it matches the empty text, which is everywhere";
  }
  while (message.ends_with('.')) message.remove_suffix(1);
  std::string text(message);
  const bool word = text.size() > 1 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'a' && text[1] <= 'z';
  if (word) text[0] = static_cast<char>(text[0] + ('a' - 'A'));
  return text;
}

tl::unexpected<Error> engine_failure(hs_compile_error_t* error) {
  std::string message = engine_complaint(error->message);
  hs_free_compile_error(error);
  return failure(ErrorCode::unsupported, std::move(message));
}

void engine_require(hs_error_t error) {
  if (error == HS_NOMEM) throw std::bad_alloc();
}

// What passes calls of the library on.
struct EngineCall {
  SearchEngine::OnMatch on_match;
  void* context;

  static int take(unsigned pattern, unsigned long long from, unsigned long long to, unsigned /*flags*/,
                  void* context) {
    const auto& call = *static_cast<EngineCall*>(context);
    return call.on_match(call.context, pattern, from, to) ? 0 : 1;
  }
};

// A state between two calls: a stream of the library, or, with the lowest bit of the pointer set, its bytes.
struct EnginePacked {
  std::size_t size;
  char bytes[1];  // and more
};

bool engine_is_packed(void* state) { return (reinterpret_cast<std::uintptr_t>(state) & 1) != 0; }

// Requires: engine_is_packed(state).
EnginePacked* engine_packed_of(void* state) {
  return reinterpret_cast<EnginePacked*>(static_cast<char*>(state) - 1);
}

}  // namespace

struct SearchEngine::Handle {
  hs_database_t* database = nullptr;

  Handle() = default;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { hs_free_database(database); }
};

std::string SearchEngine::version() {
  const std::string_view version = hs_version();
  return "hyperscan version " + std::string(version.substr(0, version.find(' ')));
}

Result<SearchWidth> SearchEngine::width_of(const SearchExpression& expression) {
  hs_expr_info_t* info = nullptr;
  hs_compile_error_t* error = nullptr;
  // Verbs that change what a byte is: the search would have to trust that what is captured is UTF-8.
  if (expression.text.starts_with("(*")) {
    return failure(ErrorCode::unsupported, "verbs such as (*UTF8) are not supported");
  }
  if (hs_expression_info(expression.text.c_str(), engine_flags(expression), &info, &error) != HS_SUCCESS) {
    return engine_failure(error);
  }
  const bool bounded = info->max_width != std::numeric_limits<unsigned>::max();
  const SearchWidth width{info->min_width, bounded ? info->max_width : SearchPatterns::unbounded};
  std::free(info);
  if (width.min == 0) return failure(ErrorCode::unsupported, engine_complaint("empty buffer"));
  return width;
}

bool SearchEngine::has_starts(const SearchExpression& expression) {
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  if (hs_compile(expression.text.c_str(), engine_flags(expression), engine_mode, nullptr, &database,
                 &error) != HS_SUCCESS) {
    hs_free_compile_error(error);
    return false;
  }
  hs_free_database(database);
  return true;
}

Result<std::unique_ptr<SearchEngine>> SearchEngine::compile(
    const std::vector<SearchExpression>& expressions) {
  if (hs_valid_platform() != HS_SUCCESS) {
    return failure(ErrorCode::unsupported, "this processor lacks SSSE3, which the search takes");
  }
  std::vector<const char*> texts;
  std::vector<unsigned> flags;
  std::vector<unsigned> numbers;
  for (const SearchExpression& expression : expressions) {
    numbers.push_back(static_cast<unsigned>(texts.size()));
    texts.push_back(expression.text.c_str());
    flags.push_back(engine_flags(expression));
  }
  auto handle = std::make_unique<Handle>();
  hs_compile_error_t* error = nullptr;
  if (hs_compile_multi(texts.data(), flags.data(), numbers.data(), static_cast<unsigned>(texts.size()),
                       engine_mode, nullptr, &handle->database, &error) != HS_SUCCESS) {
    return engine_failure(error);
  }
  return std::make_unique<SearchEngine>(std::move(handle));
}

SearchEngine::SearchEngine(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
SearchEngine::~SearchEngine() = default;

std::size_t SearchEngine::state_size() const {
  std::size_t size = 0;
  return hs_stream_size(handle_->database, &size) == HS_SUCCESS ? size : 0;
}

struct SearchScratch::Parts {
  const hs_database_t* database = nullptr;
  hs_scratch_t* scratch = nullptr;
  hs_stream_t* working = nullptr;  // if states are packed: what they are unpacked into
  std::vector<char> packed;        // scratch

  Parts() = default;
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;
  ~Parts() {
    if (working != nullptr) hs_close_stream(working, scratch, nullptr, nullptr);
    hs_free_scratch(scratch);
  }

  hs_stream_t* load(State& state);
  void store(State& state);
};

SearchScratch::SearchScratch(const SearchEngine& engine) : parts_(std::make_unique<Parts>()) {
  parts_->database = engine.handle().database;
  engine_require(hs_alloc_scratch(parts_->database, &parts_->scratch));
  if (engine.state_size() <= state_unpacked_max) return;
  engine_require(hs_open_stream(parts_->database, 0, &parts_->working));
  parts_->packed.resize(2 * engine.state_size() + 64);
}

SearchScratch::~SearchScratch() = default;

hs_stream_t* SearchScratch::Parts::load(State& state) {
  if (working == nullptr) {
    auto* stream = static_cast<hs_stream_t*>(state);
    if (stream == nullptr) engine_require(hs_open_stream(database, 0, &stream));
    state = stream;
    return stream;
  }
  if (state == nullptr) {
    hs_reset_stream(working, 0, scratch, nullptr, nullptr);
  } else {
    const EnginePacked& from = *engine_packed_of(state);
    hs_reset_and_expand_stream(working, from.bytes, from.size, scratch, nullptr, nullptr);
  }
  return working;
}

void SearchScratch::Parts::store(State& state) {
  if (working == nullptr) return;
  std::size_t used = 0;
  while (hs_compress_stream(working, packed.data(), packed.size(), &used) == HS_INSUFFICIENT_SPACE) {
    packed.resize(used);
  }
  if (state != nullptr && engine_packed_of(state)->size < used) forget(state);
  if (state == nullptr) {
    auto* memory = static_cast<EnginePacked*>(std::malloc(offsetof(EnginePacked, bytes) + used));
    if (memory == nullptr) throw std::bad_alloc();
    state = reinterpret_cast<char*>(memory) + 1;
  }
  EnginePacked& to = *engine_packed_of(state);
  to.size = used;
  std::memcpy(to.bytes, packed.data(), used);
}

void SearchScratch::scan(State& state, Bytes bytes, SearchEngine::OnMatch on_match, void* context) {
  hs_stream_t* const stream = parts_->load(state);
  EngineCall call{on_match, context};
  const auto* data = reinterpret_cast<const char*>(bytes.data());
  hs_scan_stream(stream, data, static_cast<unsigned>(bytes.size()), 0, parts_->scratch, EngineCall::take,
                 &call);
  parts_->store(state);
}

void SearchScratch::finish(State& state, SearchEngine::OnMatch on_match, void* context) {
  if (state == nullptr) return;
  EngineCall call{on_match, context};
  if (parts_->working != nullptr) {
    hs_reset_stream(parts_->load(state), 0, parts_->scratch, EngineCall::take, &call);
    forget(state);
    return;
  }
  hs_close_stream(static_cast<hs_stream_t*>(std::exchange(state, nullptr)), parts_->scratch, EngineCall::take,
                  &call);
}

void SearchScratch::forget(State& state) {
  void* const old = std::exchange(state, nullptr);
  if (old == nullptr) return;
  if (engine_is_packed(old)) {
    std::free(engine_packed_of(old));
  } else {
    hs_close_stream(static_cast<hs_stream_t*>(old), nullptr, nullptr, nullptr);
  }
}

#else

struct SearchEngine::Handle {};
struct SearchScratch::Parts {};

std::string SearchEngine::version() { return {}; }
Result<SearchWidth> SearchEngine::width_of(const SearchExpression& /*expression*/) {
  return failure(ErrorCode::unsupported, "this build cannot search: it was made without Hyperscan");
}
bool SearchEngine::has_starts(const SearchExpression& /*expression*/) { return false; }
Result<std::unique_ptr<SearchEngine>> SearchEngine::compile(
    const std::vector<SearchExpression>& /*expressions*/) {
  return failure(ErrorCode::unsupported, "this build cannot search: it was made without Hyperscan");
}
SearchEngine::SearchEngine(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
SearchEngine::~SearchEngine() = default;
std::size_t SearchEngine::state_size() const { return 0; }
SearchScratch::SearchScratch(const SearchEngine& /*engine*/) {}
SearchScratch::~SearchScratch() = default;
void SearchScratch::scan(State& /*state*/, Bytes /*bytes*/, SearchEngine::OnMatch /*on_match*/,
                         void* /*context*/) {}
void SearchScratch::finish(State& /*state*/, SearchEngine::OnMatch /*on_match*/, void* /*context*/) {}
void SearchScratch::forget(State& /*state*/) {}

#endif

}  // namespace restitch
