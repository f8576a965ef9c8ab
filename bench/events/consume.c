// The same with libbpf: consume MAP_FD PROGRAM_FD SECONDS RATE BATCH PRODUCER. Prints events and seconds. Build: gcc -O2 … -lbpf
#include <bpf/libbpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long events;
static uint64_t sum;

static int take(void *context, void *data, size_t size) {
  (void)context, (void)size;
  events++;
  sum += *(uint64_t *)data;
  return 0;
}

int main(int argc, char **argv) {
  (void)argc;
  struct ring_buffer *ring = ring_buffer__new(atoi(argv[1]), take, NULL, NULL);
  if (!ring) return perror("ring_buffer__new"), 1;
  pid_t child = fork();
  if (child == 0) {
    dup2(2, 1);
    execl(argv[6], argv[6], argv[2], argv[3], argv[4], argv[5], (char *)NULL);
    _exit(1);
  }
  struct timespec a, b;
  clock_gettime(CLOCK_MONOTONIC, &a);
  while (waitpid(child, NULL, WNOHANG) == 0) ring_buffer__poll(ring, 20);
  ring_buffer__consume(ring);
  clock_gettime(CLOCK_MONOTONIC, &b);
  double seconds = b.tv_sec - a.tv_sec + (b.tv_nsec - a.tv_nsec) * 1e-9;
  printf("{\"events\": %ld, \"seconds\": %f, \"sum\": %lu}\n", events, seconds, (unsigned long)sum);
  return 0;
}
