#include "cli/help_texts.h"

#include <map>

namespace restitch::cli {
namespace {

const HelpText program = {"restitch [COMMAND] [FLAGS] FILE... [FILTER]",
                          {},
                          R"(  restitch capture.pcapng                    a table of the connections
  restitch -i eth0 tcp port 80               the same live, until ^C
  restitch extract -o files capture.pcapng   a file for each direction
  restitch follow 3 -T hex capture.pcapng    connection 3 of the table
  restitch log --format zeek capture.pcapng  Zeek's conn.log
)",
                          R"(Captures are pcap or pcapng, also compressed with gzip, zstd, lz4 or xz;
several are merged by time, and connections continue from one to the next. Data
goes to standard output, all else to standard error. Exit status: 0 all well, 1
wrong usage, 2 an input that is unreadable or cut off, or an output that cannot
be written, 130 (143, 129) interrupted by ^C (SIGTERM, SIGHUP) before the end
of the files. What could be read is there in any case.
)"};

const std::map<std::string_view, HelpText> commands = {
    {"streams",
     {"restitch [streams] [FLAGS] FILE... [FILTER]",
      {"--json", "--sort", "--top", "--columns", "--where", "--connection", "--interface", "--follow",
       "--receiver", "--quiet"},
      R"(  restitch --sort bytes --top 10 capture.pcapng
  restitch streams --json capture.pcapng | jq 'select(.gaps != [])'
  restitch --where 'client 10.0.0.0/8 and bytes > 1M' capture.pcapng port 443
In the table: client -> server; <-> where no SYN says who is who; ! for events.
)",
      R"(In the table the client stands left of ->: a SYN says who that is. Left of <->
stands whoever sent the first packet: no SYN was captured. bytes-> is what the
left one sent, ! marks connections with events (gaps, conflicts, ...: --json
names them), start is UTC. A table has as many columns as fit the terminal (or
$COLUMNS, or 80). Those of --columns: connection, start, file, vlan, tunnel,
client, server, client_bytes, server_bytes, bytes, gaps, packets, duration,
events, end, uid, community.
)"}},
    {"extract",
     {"restitch extract -o DIR [FLAGS] FILE... [FILTER]",
      {"--output", "--pcap", "--gaps", "--where", "--connection", "--interface", "--follow", "--bytes-max",
       "--receiver", "--quiet"},
      R"(  restitch extract -o files capture.pcapng port 80
  restitch extract --pcap --connection 7 -o seven capture.pcapng
  restitch extract --gaps zero --template %N/%A.%a-%B.%b -o files capture.pcapng
)",
      R"(The files have tcpflow's names: 010.000.000.001.40000-192.000.002.001.00080 is
what 10.0.0.1 sent. DIR/index.jsonl has a JSON object for each: endpoints,
gaps, how it ended, and which packet brought what ("runs": [file offset, stream
offset, size, time, packet number]). Nothing is overwritten: a name that is
taken gets c1, c2, ... at its end, as in tcpflow, and a DIR that holds an
index.jsonl already is refused. The time of a file is that of its last byte.
)"}},
    {"follow",
     {"restitch follow N|CLIENT,SERVER [FLAGS] FILE... [FILTER]",
      {"N", "--format", "--client", "--server", "--all", "--where", "--decrypted", "--keylog", "--notes",
       "--receiver", "--quiet"},
      R"(  restitch follow 3 capture.pcapng
  restitch follow 10.0.0.1:4711,10.0.0.2:80 -T hex capture.pcapng
  restitch follow 3 --server -T bytes capture.pcapng >answer
  restitch follow 3 -T http --keylog keys.txt capture.pcapng
)",
      {}}},
    {"har",
     {"restitch har [FLAGS] FILE... [FILTER] >archive.har",
      {"--body-max", "--keylog", "--where", "--connection", "--interface", "--follow", "--quiet"},
      R"(  restitch har capture.pcapng >archive.har
  restitch har --keylog keys.txt --where 'server 192.0.2.0/24' x.pcapng >x.har
)",
      R"(An entry for each request, with its answer and both bodies, as the developer
tools of browsers load them. What was not captured is said in "comment".
)"}},
    {"diff",
     {"restitch diff [FLAGS] FILE... [FILTER]",
      {"--receivers", "--json", "--where", "--connection", "--count", "--quiet"},
      R"(  restitch diff capture.pcapng
  restitch diff --receivers linux,windows capture.pcapng port 445
  restitch diff --json capture.pcapng | jq '.directions[].differences[]'
)",
      {}}},
    {"grep",
     {"restitch grep REGEX [FLAGS] FILE... [FILTER]",
      {"REGEX", "--regexp", "--file", "--fixed-strings", "--ignore-case", "--client", "--server", "--then",
       "--context", "--only-matching", "--count", "--connections", "--json", "--pcap", "--where"},
      R"(  restitch grep -i 'password=[^&]+' capture.pcapng
  restitch grep -l -F -f indicators.txt capture.pcapng
  restitch grep 'GET /\S*\.php' --then '200 OK' --pcap found.pcapng capture.pcapng
)",
      R"(A match may lie across any packets, and never across bytes that are missing.
. is any byte but a line feed; ^ and $ stand at lines too. -i, -F, -f, -c, -v and
-B are those of grep: --interface, --filter, --filter-file, --packets, --verbose
and --buffer-size have no letter here. Exit status: 0 there is a match, 1 there
is none, 2 an error.
)"}},
    {"batch",
     {"restitch batch plan|map|reduce --manifest FILE [FLAGS] [FILE...|DIR]",
      {"STEP", "--manifest", "--task", "--output", "--events", "--all", "--receiver", "--quiet"},
      R"(  restitch batch plan --manifest m.jsonl /captures
  restitch batch map --manifest m.jsonl --task 1 -o parts    and 2, 3, ...
  restitch batch reduce --manifest m.jsonl -o all.jsonl parts
)",
      R"(The result is that of restitch streams --json -q over all files, byte for byte.
plan takes the flags that matter and writes them down; map tasks may run in any
order, on any machine, and again. examples/batch.sbatch runs them under Slurm.
)"}},
    {"sense",
     {"restitch sense --log URL --sensor NAME [FLAGS] FILE... [FILTER]",
      {"--log", "--sensor", "--interface", "--spool", "--spool-max", "--compress", "--cluster", "--creds",
       "--tls-ca", "--quiet"},
      R"(  restitch sense --log nats://10.0.0.9:4222 --sensor left left.pcapng
  restitch sense --log nats://10.0.0.9:4222 --sensor left -i eth0 --spool spool
)",
      R"(Packets of files are sent under the same numbers when they are sent again: a
sensor that was killed is just started again. docs/cluster.md.
)"}},
    {"work",
     {"restitch work --log URL -o DIR [FLAGS]",
      {"--log", "--output", "--partitions", "--replay-max", "--receiver", "--timeout", "--cluster", "--creds",
       "--tls-ca"},
      R"(  restitch work --log nats://10.0.0.9:4222 -o found
  restitch work --log nats://10.0.0.9:4222 -o found --timeout idle=3600
)",
      R"(Takes partitions that nobody works on, until the input is over (restitch
cluster drain). All workers of a cluster write to the same folder, and all need
the same flags. docs/cluster.md.
)"}},
    {"cluster",
     {"restitch cluster create|status|check|drain|cat --log URL [FLAGS]",
      {"ACTION", "--log", "--sensor", "--output", "--metrics", "--partitions", "--replicas", "--cluster",
       "--creds", "--tls-ca"},
      R"(  restitch cluster create --log nats://10.0.0.9:4222 --sensor left --sensor right
  restitch cluster status --log nats://10.0.0.9:4222
  restitch cluster drain --log nats://10.0.0.9:4222
  restitch cluster cat --log nats://10.0.0.9:4222 -o found >found.jsonl
)",
      R"(What cat prints is that of restitch streams --json over the captures of all
sensors, byte for byte. docs/cluster.md.
)"}},
    {"log",
     {"restitch log [FLAGS] FILE... [FILTER]",
      {"--format", "--output", "--rotate", "--where", "--connection", "--interface", "--follow", "--quiet"},
      R"(  restitch log --format zeek -o logs capture.pcapng    logs/conn.log
  restitch log --format json -i eth0 | jq .uid         a line when one ends
  restitch log --format parquet -o logs --rotate 1h -i eth0
)",
      R"(zeek and zeek-json have the fields of Zeek's conn.log, and community_id; eve
has Suricata's flow events. Nothing is overwritten. On SIGHUP a live run opens
its file anew.
)"}},
};

}  // namespace

const HelpText& help_text(std::string_view command) {
  const auto found = commands.find(command);
  return found == commands.end() ? program : found->second;
}

}  // namespace restitch::cli
