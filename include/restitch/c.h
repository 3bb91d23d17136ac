/* restitch for C, and for every language that can call C: captured TCP segments back into byte streams. C99
 * and C++. There are two ways in:
 *
 *   restitch_reader     reads captures, and hands out connections as they end, each with its bytes; or calls
 *                       your callbacks with what each direction says, as it comes
 *   restitch_assembler  the same callbacks, for packets that you bring yourself
 *
 * Handles are opaque. A handle is used by one thread at a time; different handles by different threads. Only
 * restitch_reader_stop() may be called from anywhere. Using a handle from one of its own callbacks is
 * RESTITCH_INVALID.
 *
 * Structs whose first member is `size` grow at their end. Those that you fill in: set them to zero, and size
 * to sizeof of them (RESTITCH_INIT does both); a member that is zero means the default. Those that the
 * library fills in are lent, with everything they point to: until the callback returns, or until the next
 * call with the handle. Structs without `size` never change.
 *
 * What packets contain is data, never an error. Texts are UTF-8. No exception crosses this border.
 */
#ifndef RESTITCH_C_H
#define RESTITCH_C_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define RESTITCH_C_API __attribute__((visibility("default")))
#else
#define RESTITCH_C_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Results ----------------------------------------------------------------------------------------- */

/* What functions answer. Negative: it failed, and restitch_error() says why. */
typedef int restitch_status;
enum {
  RESTITCH_OK = 0,
  RESTITCH_END = 1,      /* nothing more will come */
  RESTITCH_AGAIN = 2,    /* nothing for now: call again (restitch_reader_options::step_packets) */
  RESTITCH_STOPPED = 3,  /* a callback asked for the end of this call, or restitch_reader_stop() did */
  RESTITCH_INVALID = -1, /* the caller asked for something that does not exist, or must not be done */
  RESTITCH_IO = -2,      /* the system refused: no such file, no permission */
  RESTITCH_UNKNOWN_FORMAT = -3,
  RESTITCH_DAMAGED = -4,     /* an input breaks off or contradicts itself; what was sound was delivered */
  RESTITCH_UNSUPPORTED = -5, /* known, but not readable here */
  RESTITCH_NO_MEMORY = -6,
  RESTITCH_INTERNAL = -7,

  /* What callbacks answer. RESTITCH_STOPPED, too: it ends the call that is running, and that answers the
     same. */
  RESTITCH_GO_ON = 0,
  RESTITCH_IGNORE = 4 /* open: make no call for this connection; accept: the packet has no effect */
};

/* What went wrong in the last call of this thread that failed, in one line; "" before. Lent until the next.
 */
RESTITCH_C_API const char* restitch_error(void);

/* The version of the library that runs: "0.1.0". */
RESTITCH_C_API const char* restitch_version(void);

/* Sets a struct to zero, and its size. */
#define RESTITCH_INIT(name)                                      \
  do {                                                           \
    unsigned char* restitch_at = (unsigned char*)&(name);        \
    size_t restitch_left = sizeof(name);                         \
    while (restitch_left-- != 0) restitch_at[restitch_left] = 0; \
    (name).size = sizeof(name);                                  \
  } while (0)

/* ---- Values ------------------------------------------------------------------------------------------ */

/* Which way bytes travel. The client is whoever opened the connection, as far as that is known. */
enum { RESTITCH_CLIENT_TO_SERVER = 0, RESTITCH_SERVER_TO_CLIENT = 1 };

typedef struct restitch_endpoint {
  uint8_t address[16]; /* IPv4 in the last four */
  uint8_t ip_version;  /* 4 or 6 */
  uint16_t port;
} restitch_endpoint;

/* Longest text of an endpoint, with its zero. */
enum { RESTITCH_ENDPOINT_TEXT_SIZE = 64 };

/* "192.0.2.1:80", "[2001:db8::1]:80". Answers `text`, which has room for RESTITCH_ENDPOINT_TEXT_SIZE. */
RESTITCH_C_API char* restitch_endpoint_text(const restitch_endpoint* endpoint, char* text);
/* Its address alone. */
RESTITCH_C_API char* restitch_address_text(const restitch_endpoint* endpoint, char* text);

/* What is known about a packet apart from its bytes (CaptureInfo). Given to an assembler, zero means: not
 * known; the two sizes then are those of the frame. */
typedef struct restitch_packet {
  int64_t time_ns;          /* since 1970-01-01 00:00 UTC, by the capture's clock */
  uint64_t number;          /* 1 for the first of its capture */
  uint64_t user_tag;        /* your own; carried along */
  uint32_t captured_size;   /* of the frame */
  uint32_t original_size;   /* of the frame, on the wire */
  uint32_t interface_index; /* of its capture */
  uint32_t source_index;    /* which of several inputs */
} restitch_packet;

/* Bytes that were never delivered. The offset counts from the first byte of the stream, with earlier gaps. */
typedef struct restitch_gap {
  uint64_t offset;
  uint64_t size;
} restitch_gap;

/* Bytes that one packet brought. */
typedef struct restitch_piece {
  uint64_t offset; /* in restitch_half::data */
  uint64_t size;
  int32_t transmission; /* 0: first, 1: late (overtaken, or lost before it was captured), 2: sent again */
  restitch_packet packet;
} restitch_piece;

/* A part of what is said, where it lies. */
typedef struct restitch_block {
  const uint8_t* data;
  size_t size;
} restitch_block;

/* How a connection ended. */
enum {
  RESTITCH_END_FIN,
  RESTITCH_END_RST,
  RESTITCH_END_TIMEOUT,
  RESTITCH_END_FLUSH,
  RESTITCH_END_EVICTED,
  RESTITCH_END_PORT_REUSE,
  RESTITCH_END_INPUT,
  RESTITCH_END_INTERRUPTED
};
/* "fin", "rst", "timeout", "flush", "evicted", "port_reuse", "end_of_input", "interrupted". */
RESTITCH_C_API const char* restitch_end_name(int end);

/* Events are told by number and by name ("conflict", "gap", …: docs/events.md). Numbers never change their
 * meaning. NULL: there is no such number; the first one free is restitch_event_kinds(). */
RESTITCH_C_API const char* restitch_event_name(int kind);
RESTITCH_C_API int restitch_event_kinds(void);

typedef struct restitch_event {
  size_t size;
  int kind;
  int direction;       /* the stream it is about */
  const char* name;    /* of its kind */
  const char* rule;    /* of a refusal: "paws", …; or NULL */
  const char* limit;   /* which limit acted; or NULL */
  uint64_t offset;     /* in the stream */
  uint64_t byte_count; /* it is about; 0 where that has no meaning */
  int64_t time_ns;     /* of the packet that showed it */
  uint64_t packet_number;
  const uint8_t* held; /* conflict: the copy that was there first (of a connection: its first 64 bytes) */
  size_t held_size;
  const uint8_t* arrived; /* conflict: the copy that came now */
  size_t arrived_size;
  uint64_t held_packet_number;
  int delivered_arrived; /* conflict: whether the stream has the copy that came now */
} restitch_event;

/* ---- Streams: what callbacks are told ---------------------------------------------------------------- */

/* A connection that begins. */
typedef struct restitch_opening {
  size_t size;
  restitch_endpoint client; /* whoever sent the first packet, unless that was a SYN-ACK */
  restitch_endpoint server;
  restitch_packet packet;
} restitch_opening;

/* Bytes of one direction that one packet brought and that are now in order; or, without bytes, a mere start
 * or end. */
typedef struct restitch_delivery {
  size_t size;
  int direction;
  int start;       /* this is the start of the stream: its SYN was seen */
  int end;         /* nothing more was sent: FIN, or RST */
  int64_t skipped; /* bytes missing just before `data`; -1: the start was never seen */
  uint64_t offset; /* of data in its stream, gaps included */
  const uint8_t* data;
  size_t data_size;
  int transmission; /* as in restitch_piece */
  restitch_packet packet;
} restitch_delivery;

/* A packet of a connection, before it has an effect. */
typedef struct restitch_segment {
  size_t size;
  int direction;
  uint8_t flags; /* FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128 */
  uint16_t window;
  uint32_t sequence;
  uint32_t acknowledgment;
  const uint8_t* payload;
  size_t payload_size;
  restitch_packet packet;
} restitch_segment;

/* Your functions, which answer RESTITCH_GO_ON or what stands beside it; those that are NULL are not called.
 * `stream` is what `open` put into *stream, at first NULL. */
typedef struct restitch_callbacks {
  size_t size;
  void* user;
  int (*open)(void* user, const restitch_opening* opening, void** stream);
  int (*accept)(void* user, void* stream, const restitch_segment* segment);
  int (*deliver)(void* user, void* stream, const restitch_delivery* delivery);
  /* Comes before the deliveries that follow from the same packet. After "roles_swapped", client and server
   * are the other way round. */
  int (*event)(void* user, void* stream, const restitch_event* event);
  /* The last call for this connection; not made for those that are open when the handle is closed. */
  int (*complete)(void* user, void* stream, int end);
  /* The library is done with this `stream`, whatever happened: free it. Not called for NULL. */
  void (*release)(void* user, void* stream);
} restitch_callbacks;

/* ---- Connections: what a reader hands out ------------------------------------------------------------ */

/* One direction. */
typedef struct restitch_half {
  size_t size;
  restitch_endpoint sender;
  const uint8_t* data; /* delivered, gaps left out */
  size_t data_size;
  uint64_t byte_count; /* delivered; more than data_size where `left_out` */
  uint64_t left_out;   /* bytes of it that are not in data: there was no room, or it was not asked for */
  uint64_t packets;
  uint64_t copies;       /* of those, that the capture holds a second time */
  int64_t first_seen_ns; /* of its packets; 0: there are none */
  int64_t last_seen_ns;
  const restitch_gap* gaps;
  size_t gap_count;
  uint64_t gaps_unlisted;              /* and so many more, for which there was no room */
  uint64_t gap_bytes;                  /* of all */
  const restitch_event* const* events; /* in order, if asked for */
  size_t event_count;
  const uint64_t* event_counts; /* how often each kind occurred, restitch_event_kinds() numbers */
  const restitch_piece* pieces; /* which packet brought what of data, if asked for */
  size_t piece_count;
  uint16_t vlan;      /* innermost; 0: none */
  const char* tunnel; /* "vxlan", …: the innermost; NULL: none */
  uint32_t tunnel_id;
  const restitch_block* blocks; /* the same bytes as data, in pieces, one behind the other */
  size_t block_count;
} restitch_half;

typedef struct restitch_connection {
  size_t size;
  uint64_t number; /* in order of first packet, from 0 */
  const char* uid; /* of this connection alone: "C" and 17 letters, as in `restitch log` */
  const char* community_id;
  int client_known;      /* whether a SYN says who the client is */
  int end;               /* RESTITCH_END_FIN, … */
  int64_t first_seen_ns; /* of its packets; 0: not known */
  int64_t last_seen_ns;
  uint64_t first_packet;       /* number of the first one in its input */
  const restitch_half* client; /* what the client sent */
  const restitch_half* server;
  const char* state;   /* "SF", "S0", … as conn_state of Zeek */
  const char* history; /* as that of Zeek */
  const char* service; /* "http", "ssl", … by what is said; "": not known */
} restitch_connection;

/* ---- Reading captures -------------------------------------------------------------------------------- */

typedef struct restitch_reader restitch_reader;

typedef struct restitch_reader_options {
  size_t size;
  const char* filter; /* of packets, as pcap-filter(7): "tcp port 80" */
  const char* where;  /* of connections: "port 80 and bytes > 1M" (output_where.h) */
  const char*
      receiver;     /* "linux", or with hosts: "capture,10.0.0.0/8=linux" (docs/receivers.md); "capture" */
  int recursive;    /* also what lies below directories */
  int list_events;  /* restitch_half::events */
  int list_pieces;  /* restitch_half::pieces */
  int without_data; /* restitch_half::data stays empty */
  uint16_t community_seed;
  uint64_t data_max;       /* most bytes of one direction in restitch_half::data; 0: any number */
  uint64_t data_total_max; /* the same of all connections that are open or wait; 0: 4 GiB */
  uint64_t memory_max;     /* of reassembly, as --memory of the command; 0: 1 GiB */
  uint32_t step_packets;   /* read about so many packets, or what a pipe has now, and then answer
                              RESTITCH_AGAIN; 0: wait for what is asked for */
  int scattered;           /* restitch_half::data stays NULL, and blocks has all: for who copies it anyway */
} restitch_reader_options;

/* Opens captures: files in any format and compression that the command reads, directories, "-" for standard
 * input, "tcp://host:port", "https://...". They are merged by time. `options` may be NULL. What fails to open
 * among several is damage of that input; RESTITCH_IO and others if there is nothing to read. */
RESTITCH_C_API restitch_status restitch_reader_open(restitch_reader** reader, const char* const* paths,
                                                    size_t path_count,
                                                    const restitch_reader_options* options);

/* The next connection that has ended, lent until the next call. RESTITCH_END behind the last. Before that,
 * once, RESTITCH_DAMAGED if an input was. */
RESTITCH_C_API restitch_status restitch_reader_next(restitch_reader* reader,
                                                    const restitch_connection** connection);

/* In place of restitch_reader_next(): calls `callbacks` for all that follows, to the end of the input
 * (RESTITCH_END, or RESTITCH_DAMAGED), until one of them stops it, or with step_packets until RESTITCH_AGAIN.
 * Called again, it goes on, with the callbacks that it was given first; behind a stop, packets that were read
 * with the one at hand, a few hundred at most, are lost. What `user` points to has to be good until the end,
 * or until the handle is closed. where, list_pieces and what concerns data count for nothing here. */
RESTITCH_C_API restitch_status restitch_reader_run(restitch_reader* reader,
                                                   const restitch_callbacks* callbacks);

/* Ends the reading soon: what is open ends as "interrupted". May be called from any thread and from signal
 * handlers, as long as the reader is open. */
RESTITCH_C_API void restitch_reader_stop(restitch_reader* reader);

typedef struct restitch_counts {
  size_t size;
  uint64_t packets;     /* records read, behind the filter */
  uint64_t segments;    /* TCP segments in them */
  uint64_t connections; /* that began */
  /* Payload: seen = delivered + duplicate + before_start + refused + dropped + what waits now. */
  uint64_t seen;
  uint64_t delivered;
  uint64_t duplicate;
  uint64_t before_start;
  uint64_t refused;
  uint64_t dropped;
} restitch_counts;

/* As of now. Set counts->size before. */
RESTITCH_C_API restitch_status restitch_reader_counts(const restitch_reader* reader, restitch_counts* counts);

/* Makes no calls but `release`. NULL is fine. */
RESTITCH_C_API void restitch_reader_close(restitch_reader* reader);

/* ---- Packets of your own ----------------------------------------------------------------------------- */

typedef struct restitch_assembler restitch_assembler;

typedef struct restitch_assembler_options {
  size_t size;
  const char* receiver; /* as in restitch_reader_options */
  uint64_t memory_max;  /* 0: 1 GiB */
} restitch_assembler_options;

/* `options` may be NULL. What callbacks->user points to has to be good until the handle is closed. */
RESTITCH_C_API restitch_status restitch_assembler_open(restitch_assembler** assembler,
                                                       const restitch_callbacks* callbacks,
                                                       const restitch_assembler_options* options);

/* Takes in one packet. `link_type` is a number of tcpdump.org/linktypes.html: 1 Ethernet, 101 raw IP. The
 * frame is lent for the call; `packet` may be NULL. What is no TCP segment is counted, and no error. */
RESTITCH_C_API restitch_status restitch_assembler_packet(restitch_assembler* assembler, uint16_t link_type,
                                                         const uint8_t* frame, size_t frame_size,
                                                         const restitch_packet* packet);

/* Skips gaps that are waited for since before this time, and ends connections that were silent since. */
RESTITCH_C_API restitch_status restitch_assembler_flush_older(restitch_assembler* assembler, int64_t time_ns);

/* Delivers what waits, and completes all connections (RESTITCH_END_FLUSH). */
RESTITCH_C_API restitch_status restitch_assembler_flush(restitch_assembler* assembler);

RESTITCH_C_API restitch_status restitch_assembler_counts(const restitch_assembler* assembler,
                                                         restitch_counts* counts);

/* Makes no calls but `release`. NULL is fine. */
RESTITCH_C_API void restitch_assembler_close(restitch_assembler* assembler);

#ifdef __cplusplus
}
#endif

#endif
