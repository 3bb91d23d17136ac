// restitch: captured TCP segments back into the byte streams that the endpoints exchanged.
//
// Start here. The seams are plain structs; each step can be used without the others:
//
//   capture.h      open_capture()     a file or pipe            ->  Record
//   packet.h       decode()           Record                    ->  NetFlow + TcpSegment
//   assembler.h    Assembler          NetFlow + TcpSegment      ->  calls of your Stream
//   stream.h       Stream, ScatterGather                            what you implement and are given
//   feed.h         feed()             the three above in one loop
//   engine.h       Engine             the same with several threads
//
// basic_assembler.h holds the implementation, for streams whose type is known at compile time; the state
// machine behind it is detail/half_connection.h. receiver.h says what the watched hosts do with segments
// that overlap or come too late, events.h what can be told about them.
#pragma once

#include "restitch/assembler.h"        // IWYU pragma: export
#include "restitch/basic_assembler.h"  // IWYU pragma: export
#include "restitch/capture.h"          // IWYU pragma: export
#include "restitch/engine.h"           // IWYU pragma: export
#include "restitch/events.h"           // IWYU pragma: export
#include "restitch/feed.h"             // IWYU pragma: export
#include "restitch/packet.h"           // IWYU pragma: export
#include "restitch/receiver.h"         // IWYU pragma: export
#include "restitch/stream.h"           // IWYU pragma: export
