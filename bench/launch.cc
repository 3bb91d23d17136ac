// Runs a program and prints on stderr what it cost: exit status, CPU seconds, peak of resident memory in
// KiB. Linux hands the peak of the parent on to a child, so the parent has to be as small as this one.
//
//   bench_launch CPU_SECONDS_MAX PROGRAM [ARGUMENT…]       0: no limit
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace {

[[noreturn]] void become(rlim_t cpu_seconds_max, char** command) {
  if (cpu_seconds_max != 0) {
    const rlimit limit{cpu_seconds_max, cpu_seconds_max};
    setrlimit(RLIMIT_CPU, &limit);
  }
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  dup2(nowhere, STDERR_FILENO);
  execvp(command[0], command);
  _exit(127);
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return std::fputs("usage: bench_launch CPU_SECONDS_MAX PROGRAM [ARGUMENT...]\n", stderr), 1;
  const pid_t child = fork();
  if (child < 0) return std::perror("fork"), 2;
  if (child == 0) become(std::strtoul(argv[1], nullptr, 10), argv + 2);
  int status = 0;
  rusage usage{};
  if (wait4(child, &status, 0, &usage) != child) return std::perror("wait4"), 2;
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  std::fprintf(stderr, "%d %.6f %ld\n", code, seconds(usage.ru_utime) + seconds(usage.ru_stime),
               usage.ru_maxrss);
  return 0;
}
