/* Packets of your own into streams, in C99: a conversation is made here, packet by packet, with its second half
 * before its first, and printed as it is put together. Raw IP, so that each packet is an IPv4 and a TCP header.
 */
#include <restitch/c.h>
#include <stdio.h>
#include <string.h>

enum { FIN = 1, SYN = 2, ACK = 16, HEADERS = 40, LINKTYPE_RAW = 101 };

static void put32(uint8_t* at, uint32_t value) {
  at[0] = (uint8_t)(value >> 24);
  at[1] = (uint8_t)(value >> 16);
  at[2] = (uint8_t)(value >> 8);
  at[3] = (uint8_t)value;
}

/* From port 40000 to port 80, or back. Checksums stay 0, as on a host whose card fills them in. */
static size_t make_packet(uint8_t* packet, int back, uint8_t flags, uint32_t sequence, uint32_t ack,
                          const char* payload) {
  const size_t size = HEADERS + strlen(payload);
  memset(packet, 0, HEADERS);
  packet[0] = 0x45; /* IPv4, five words */
  packet[3] = (uint8_t)size;
  packet[8] = 64;
  packet[9] = 6; /* TCP */
  put32(packet + 12, back ? 0xc0000202U : 0xc0000201U);
  put32(packet + 16, back ? 0xc0000201U : 0xc0000202U);
  put32(packet + 20, back ? 80U << 16 | 40000U : 40000U << 16 | 80U);
  put32(packet + 24, sequence);
  put32(packet + 28, ack);
  packet[32] = 0x50; /* five words */
  packet[33] = flags;
  packet[34] = 0xff; /* window */
  memcpy(packet + HEADERS, payload, strlen(payload));
  return size;
}

static int print_opening(void* user, const restitch_opening* opening, void** stream) {
  char client[RESTITCH_ENDPOINT_TEXT_SIZE];
  char server[RESTITCH_ENDPOINT_TEXT_SIZE];
  (void)user;
  (void)stream;
  printf("%s -> %s\n", restitch_endpoint_text(&opening->client, client),
         restitch_endpoint_text(&opening->server, server));
  return RESTITCH_GO_ON;
}

static int print_bytes(void* user, void* stream, const restitch_delivery* delivery) {
  (void)user;
  (void)stream;
  if (delivery->data_size == 0) return RESTITCH_GO_ON; /* a mere start or end */
  printf("%s: %.*s\n", delivery->direction == RESTITCH_CLIENT_TO_SERVER ? "client" : "server",
         (int)delivery->data_size, (const char*)delivery->data);
  return RESTITCH_GO_ON;
}

static int print_end(void* user, void* stream, int end) {
  (void)user;
  (void)stream;
  printf("ended: %s\n", restitch_end_name(end));
  return RESTITCH_GO_ON;
}

int main(void) {
  static const struct {
    int back;
    uint8_t flags;
    uint32_t sequence, ack;
    const char* payload;
  } packets[] = {{0, SYN, 100, 0, ""},          {1, SYN | ACK, 500, 101, ""},  {0, ACK, 101, 501, ""},
                 {0, ACK, 107, 501, "world"},   {0, ACK, 101, 501, "hello "},  {1, ACK, 501, 112, "hi"},
                 {0, FIN | ACK, 112, 503, ""},  {1, FIN | ACK, 503, 113, ""},  {0, ACK, 113, 504, ""}};
  restitch_callbacks callbacks;
  restitch_assembler* assembler;
  restitch_packet info;
  restitch_status status = RESTITCH_OK;
  uint8_t packet[HEADERS + 64];
  size_t i;
  RESTITCH_INIT(callbacks);
  callbacks.open = print_opening;
  callbacks.deliver = print_bytes;
  callbacks.complete = print_end;
  status = restitch_assembler_open(&assembler, &callbacks, NULL);
  memset(&info, 0, sizeof info);
  for (i = 0; status == RESTITCH_OK && i < sizeof packets / sizeof *packets; ++i) {
    const size_t size = make_packet(packet, packets[i].back, packets[i].flags, packets[i].sequence,
                                    packets[i].ack, packets[i].payload);
    info.time_ns = 1000000 * (int64_t)(i + 1);
    info.number = i + 1;
    status = restitch_assembler_packet(assembler, LINKTYPE_RAW, packet, size, &info);
  }
  if (status == RESTITCH_OK) status = restitch_assembler_flush(assembler);
  if (status != RESTITCH_OK) fprintf(stderr, "%s\n", restitch_error());
  restitch_assembler_close(assembler);
  return status == RESTITCH_OK ? 0 : 2;
}
