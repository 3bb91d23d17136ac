// What stands in the header fields of a mail (RFC 2045, 2047, 2231): "attachment; filename*0*=utf-8''a%20b".
// Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

namespace restitch {

// What stands before the first ';', without blanks, in lower case: "text/plain".
std::string mime_value(std::string_view field);

// A parameter of a field, its parts put together (name*0, name*1), decoded; empty: there is none. Requires:
// `name` is in lower case.
std::string mime_parameter(std::string_view field, std::string_view name);

// A text with its encoded words (=?utf-8?B?…?=) decoded. What is in UTF-8, ISO-8859-1 or windows-1252 becomes
// UTF-8; the bytes of other character sets are left as they are.
std::string mime_decoded_words(std::string_view text);

}  // namespace restitch
