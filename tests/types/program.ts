import { runningTarget } from "../../src/bpf/target.ts"
import { compile } from "../../src/compiler/index.ts"
import type { BpfObject } from "../../src/object/index.ts"

/** A program with a value of every kind. */
export const KINDS = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
enum level { LOW, HIGH = 5 };
enum wide { HUGE = 0x100000000ULL };
typedef struct { __u32 a; } plain_t;
struct key { __u32 pid; char comm[8]; };
union address { __u32 v4; __u8 v6[16]; };
struct everything {
  __s8 s8; __u16 u16; __s32 s32; __u64 u64; __s64 s64; _Bool ok;
  enum level level; enum wide wide;
  __u32 bits: 3; __u64 wide_bits: 40;
  void *pointer; __u8 bytes[3]; signed char numbers[3]; plain_t plain;
  struct { int x; }; union address address;
  __u16 list[3]; struct { short q; } rows[2]; int delete;
};
struct event { struct key who; __u64 ns; };
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 10); __type(key, struct key); __type(value, struct everything); } stats SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, 10); __type(key, __u32); __type(value, __u64); } counts SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } events SEC(".maps");
struct inner { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 4); __type(key, __u32); __type(value, struct key); };
struct { __uint(type, BPF_MAP_TYPE_HASH_OF_MAPS); __uint(max_entries, 4); __type(key, __u64); __array(values, struct inner); } outer SEC(".maps");
const volatile int threshold = 5;
__u64 total;
char title[16] = "hi";
struct key last;
int ready;
extern int CONFIG_HZ __kconfig __weak;
extern _Bool CONFIG_BPF __kconfig __weak;
SEC("raw_tracepoint/sys_enter") int started(void *ctx) {
  struct event *event = bpf_ringbuf_reserve(&events, sizeof *event, 0);
  if (!event) return 0;
  event->ns = threshold + ready + CONFIG_HZ + CONFIG_BPF;
  event->who = last;
  bpf_ringbuf_submit(event, 0);
  total++;
  title[0]++;
  return 0;
}
SEC("xdp") int pass(struct xdp_md *ctx) { return XDP_PASS; }
char LICENSE[] SEC("license") = "GPL";
`

/** The program as an object for this machine's kernel. */
export function kindsObject(): BpfObject {
  return compile({ name: "kinds.c", text: KINDS, target: runningTarget(), cpu: 3 }).object
}
