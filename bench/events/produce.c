// Runs a raw tracepoint program again and again, which sends `batch` events each time: produce FD SECONDS RATE BATCH (RATE 0: as fast as it goes).
// Prints how many it sent. Build: gcc -O2
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

int main(int argc, char **argv) {
  int fd = atoi(argv[1]);
  double seconds = atof(argv[2]), rate = atof(argv[3]);
  long batch = atol(argv[4]), sent = 0;
  uint64_t context[12] = {0};
  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.test.prog_fd = fd;
  attr.test.ctx_in = (uint64_t)(uintptr_t)context;
  attr.test.ctx_size_in = sizeof context;
  double start = now();
  for (;;) {
    double at = now() - start;
    if (at >= seconds) break;
    if (rate > 0 && sent > at * rate) {
      struct timespec pause = {0, 500000};
      nanosleep(&pause, NULL);
      continue;
    }
    context[0] = sent;
    if (syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attr, sizeof attr) != 0) return perror("bpf"), 1;
    sent += batch;
  }
  printf("%ld\n", sent);
  return 0;
}
