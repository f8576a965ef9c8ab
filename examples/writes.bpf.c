// How much a process writes, by file descriptor: imported by writes.ts.
enum how { NOTHING, SMALL, LARGE };
struct written { u64 calls; u64 bytes; enum how largest; };

BPF_HASH(files, u32, struct written);
const volatile u32 only = 0;

TRACEPOINT_PROBE(syscalls, sys_enter_write) {
    if (bpf_get_current_pid_tgid() >> 32 != only) return 0;
    u32 fd = args->fd;
    struct written none = {}, *file = files.lookup_or_try_init(&fd, &none);
    if (!file) return 0;
    file->calls++;
    file->bytes += args->count;
    if (args->count >= 4096) file->largest = LARGE;
    else if (!file->largest) file->largest = SMALL;
    return 0;
}
