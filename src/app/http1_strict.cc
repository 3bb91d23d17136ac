#include "app/http1_head.h"

#ifdef RESTITCH_LLHTTP

#include <llhttp/llhttp.h>

#include "app/http1_text.h"

namespace restitch::http1 {
namespace {

// What llhttp is to fill.
struct StrictReader {
  Head& head;
  std::string_view name;
  std::string_view value;
  bool complete = false;
};

StrictReader& strict_reader(llhttp_t* parser) { return *static_cast<StrictReader*>(parser->data); }

// A span may come in parts; what lies between is a line end.
void strict_extend(std::string_view& text, const char* at, std::size_t size) {
  text = text.empty() ? std::string_view(at, size)
                      : std::string_view(text.data(), static_cast<std::size_t>(at - text.data()) + size);
}

int strict_method(llhttp_t* parser, const char* at, std::size_t size) {
  strict_extend(strict_reader(parser).head.method, at, size);
  return HPE_OK;
}
int strict_target(llhttp_t* parser, const char* at, std::size_t size) {
  strict_extend(strict_reader(parser).head.target, at, size);
  return HPE_OK;
}
int strict_version(llhttp_t* parser, const char* at, std::size_t size) {
  strict_extend(strict_reader(parser).head.version, at, size);
  return HPE_OK;
}
int strict_reason(llhttp_t* parser, const char* at, std::size_t size) {
  strict_extend(strict_reader(parser).head.reason, at, size);
  return HPE_OK;
}
int strict_name(llhttp_t* parser, const char* at, std::size_t size) {
  strict_extend(strict_reader(parser).name, at, size);
  return HPE_OK;
}
int strict_value(llhttp_t* parser, const char* at, std::size_t size) {
  strict_extend(strict_reader(parser).value, at, size);
  return HPE_OK;
}

int strict_field_end(llhttp_t* parser) {
  StrictReader& reader = strict_reader(parser);
  if (reader.head.fields.size() == Head::fields_max) return HPE_USER;
  const std::string_view name = trimmed(reader.name);
  // llhttp lets a space before the colon pass, and a field without a name.
  if (name.size() != reader.name.size() || name.empty()) return HPE_USER;
  reader.head.fields.push_back({name, trimmed(reader.value)});
  reader.name = reader.value = {};
  return HPE_OK;
}

int strict_head_end(llhttp_t* parser) {
  StrictReader& reader = strict_reader(parser);
  reader.complete = true;
  reader.head.status = parser->status_code;
  return HPE_PAUSED;
}

constexpr llhttp_settings_t make_strict_settings() {
  llhttp_settings_t settings{};
  settings.on_method = strict_method;
  settings.on_url = strict_target;
  settings.on_version = strict_version;
  settings.on_status = strict_reason;
  settings.on_header_field = strict_name;
  settings.on_header_value = strict_value;
  settings.on_header_value_complete = strict_field_end;
  settings.on_headers_complete = strict_head_end;
  return settings;
}
constexpr llhttp_settings_t strict_settings = make_strict_settings();

}  // namespace

Head read_strictly(std::string_view text, Head::Kind kind) {
  Head head;
  head.text = text;
  head.fields.reserve(16);
  StrictReader reader{head, {}, {}};
  llhttp_t parser;
  llhttp_init(&parser, kind == Head::Kind::request ? HTTP_REQUEST : HTTP_RESPONSE, &strict_settings);
  parser.data = &reader;
  llhttp_execute(&parser, text.data(), text.size());
  head.valid = reader.complete;
  if (head.version.empty()) head.version = "0.9";
  if (!head.valid) {
    const char* reason = llhttp_get_error_reason(&parser);
    head.refusal = reason != nullptr && *reason != '\0' ? reason : "not complete";
  }
  return head;
}

}  // namespace restitch::http1

#else

namespace restitch::http1 {

Head read_strictly(std::string_view text, Head::Kind /*kind*/) {
  Head head;
  head.text = text;
  head.refusal = "llhttp is not built in";
  return head;
}

}  // namespace restitch::http1

#endif
