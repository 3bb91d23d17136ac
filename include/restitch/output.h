// Ready-made streams and writers, for use with BasicAssembler. Each header stands alone:
//
//   output_connections.h   ConnectionSummary, ConnectionLog, SummaryStream   what happened to whom
//   output_digest.h        DigestStream                                      SHA-256 of each direction
//   output_json.h          append_connection_json()                          the above as JSON Lines
//
//   ConnectionLog log([](const ConnectionSummary& summary) { … });
//   SummaryFactory<DigestStream> factory(log);
//   BasicStreamPool<DigestStream, SummaryFactory<DigestStream>> pool(factory);
//   BasicAssembler assembler(pool);
#pragma once

#include "restitch/output_connections.h"  // IWYU pragma: export
#include "restitch/output_digest.h"       // IWYU pragma: export
#include "restitch/output_json.h"         // IWYU pragma: export
