// Ready-made streams and writers, for use with BasicAssembler. Each header stands alone:
//
//   output_connections.h   ConnectionSummary, ConnectionLog, SummaryStream   what happened to whom
//   output_digest.h        DigestStream                                      SHA-256 of each direction
//   output_json.h          append_connection_json()                          the above as JSON Lines
//   output_ids.h           community_id(), connection_uid()                  names that other tools know
//   output_trace.h         TraceStream                                       how it went, in Zeek's terms
//   output_tails.h         ConnectionTails                                   and what came behind its end
//   output_log.h           ConnectionLogWriter, ConnectionLogFiles           conn.log, EVE, CSV, Parquet
//   output_where.h         ConnectionFilter                                  which connections
//   output_names.h         NameTemplate                                      file names, as tcpflow's
//   output_folder.h        OutputFolder                                      where files are written
//   output_files.h         FileStream, Extraction                            a file for each direction
//   output_captures.h      CaptureStream                                     a pcapng for each connection
//   output_pcapng.h        PcapngPackets                                     packets of connections
//   output_pipe.h          PacketPipe, PipedStream                           the same while they come
//   output_follow.h        FollowStream                                      one connection, as tshark's
//   output_diff.h          DiffAssembler                                     what receivers read differently
//
//   ConnectionLog log([](const ConnectionSummary& summary) { … });
//   SummaryFactory<DigestStream> factory(log);
//   BasicStreamPool<DigestStream, SummaryFactory<DigestStream>> pool(factory);
//   BasicAssembler assembler(pool);
#pragma once

#include "restitch/output_captures.h"     // IWYU pragma: export
#include "restitch/output_connections.h"  // IWYU pragma: export
#include "restitch/output_diff.h"         // IWYU pragma: export
#include "restitch/output_digest.h"       // IWYU pragma: export
#include "restitch/output_files.h"        // IWYU pragma: export
#include "restitch/output_folder.h"       // IWYU pragma: export
#include "restitch/output_follow.h"       // IWYU pragma: export
#include "restitch/output_ids.h"          // IWYU pragma: export
#include "restitch/output_json.h"         // IWYU pragma: export
#include "restitch/output_log.h"          // IWYU pragma: export
#include "restitch/output_names.h"        // IWYU pragma: export
#include "restitch/output_pcapng.h"       // IWYU pragma: export
#include "restitch/output_pipe.h"         // IWYU pragma: export
#include "restitch/output_tails.h"        // IWYU pragma: export
#include "restitch/output_trace.h"        // IWYU pragma: export
#include "restitch/output_where.h"        // IWYU pragma: export
