/* What the two sides of each TCP connection in a capture said to each other, in C99.
 *
 *   print_streams_c capture.pcapng [expression]      an expression chooses connections: "port 80"
 */
#include <inttypes.h>
#include <restitch/c.h>
#include <stdio.h>

static void print_half(const restitch_half* half) {
  char sender[RESTITCH_ENDPOINT_TEXT_SIZE];
  size_t i;
  printf("%s says, in %" PRIu64 " bytes:\n", restitch_endpoint_text(&half->sender, sender), half->byte_count);
  fwrite(half->data, 1, half->data_size, stdout);
  printf("\n");
  for (i = 0; i < half->gap_count; ++i) {
    printf("[%" PRIu64 " bytes are missing at %" PRIu64 "]\n", half->gaps[i].size, half->gaps[i].offset);
  }
}

int main(int argc, char** argv) {
  const char* paths[1];
  restitch_reader_options options;
  restitch_reader* reader;
  const restitch_connection* connection;
  restitch_status status;
  RESTITCH_INIT(options);
  paths[0] = argc > 1 ? argv[1] : "-";
  options.where = argc > 2 ? argv[2] : NULL;
  if (restitch_reader_open(&reader, paths, 1, &options) < 0) {
    fprintf(stderr, "%s\n", restitch_error());
    return 2;
  }
  while ((status = restitch_reader_next(reader, &connection)) == RESTITCH_OK) {
    print_half(connection->client);
    print_half(connection->server);
    printf("%s ended: %s\n", connection->uid, restitch_end_name(connection->end));
  }
  if (status < 0) fprintf(stderr, "%s\n", restitch_error());
  restitch_reader_close(reader);
  return status < 0 ? 2 : 0;
}
