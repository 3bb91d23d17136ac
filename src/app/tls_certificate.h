// What a certificate says, out of its DER; OpenSSL reads it. Pure functions; any thread.
#pragma once

#include <optional>
#include <string>

#include "restitch/app/certificate_record.h"

namespace restitch {

// Without place and direction. Nothing: it is none.
std::optional<CertificateRecord> certificate_of(Bytes der);

// "2017-03-23T00:00:00".
std::string certificate_date(std::int64_t seconds);

}  // namespace restitch
