import assert from "node:assert/strict"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { inBpffs, noBpftool } from "../support/bpffs.ts"
import { fileWith, scratch, skep } from "../support/cli.ts"
import { findTool, runTool } from "../support/tools.ts"

const source = fileWith(
  "tools.c",
  `enum mode { OFF, SLOW = -3, FAST = 7 };
struct part { unsigned low : 3; unsigned high : 13; char tag[4]; };
union both { struct part part; u64 word; };
struct event { enum mode mode; union both both; const volatile int *p; struct event *next; bool on; };
BPF_HASH(counts, u32, struct event);
static __attribute__((noinline)) int twice(int a) {
  return 2 * a;
}
int hello(struct __sk_buff *skb) {
  u32 key = twice(skb->len);
  struct event *e = counts.lookup(&key);
  if (!e)
    return 0;
  return e->both.part.high;
}
`,
)
const object = join(scratch(), "tools.o")
const cwd = scratch()

function build(): void {
  const { status, stderr } = skep(["cc", "-g", "-O2", "-target", "bpf", "-c", source, "-o", object], { cwd })
  assert.equal(status, 0, stderr)
}

/** One case: a tool of the field takes the object, and says this of it. */
function takes(names: readonly string[], args: readonly string[], ...patterns: readonly RegExp[]): void {
  const tool = findTool(...names)
  test(`${names[0]} ${args.join(" ")}`, { skip: tool === undefined && `${names[0]} is not installed` }, () => {
    build()
    const text = runTool(tool!, ...args, object)
    for (const pattern of patterns) assert.match(text, pattern)
    assert.doesNotMatch(text, /^(warning|error):/m)
  })
}

takes(["llvm-dwarfdump-19", "llvm-dwarfdump"], ["--verify"], /No errors\./)
takes(
  ["llvm-objdump-19", "llvm-objdump"],
  ["-d", "-S", "-l", "--no-show-raw-insn"],
  /<twice>:\n(.*\n)*; {3}return 2 \* a;\n/,
  /tools\.c:14\n; {3}return e->both\.part\.high;\n/,
)
takes(["llvm-objdump-19", "llvm-objdump"], ["-r"], /R_BPF_64_ABS32 +\.debug_abbrev/, /R_BPF_64_ABS64 +hello/)
takes(["readelf"], ["-SW"], /\.debug_line +PROGBITS/, /\.debug_str +PROGBITS .* MS /, /\.rel\.debug_info +REL/)
takes(["llvm-addr2line-19", "llvm-addr2line"], ["-f", "-a", "0x0", "-e"], /0x0\n(hello|twice)\n.*tools\.c:\d+/)
takes(["pahole"], ["-F", "btf", "-C", "event"], /struct event \{/, /enum mode +mode;/, /size: 40, cachelines/)
takes(["pahole"], ["-F", "dwarf", "-C", "part"], /low:3;/, /high:13;/, /tag\[4\];/)
takes(["bpftool"], ["btf", "dump", "file"], /FUNC 'hello'/, /STRUCT 'event' size=40/)
takes(["bpftool"], ["gen", "skeleton"], /struct bpf_map \*counts;/, /struct bpf_program \*hello;/)

const strip = findTool("llvm-strip-19", "llvm-strip")

test("an object without its debug information, as bpf2go leaves it, links and loads", {
  skip: noBpftool() || (strip === undefined && "llvm-strip is not installed"),
}, () => {
  build()
  runTool(strip!, "-g", object)
  assert.doesNotMatch(runTool("readelf", "-SW", object), /\.debug_/)
  const linked = join(cwd, "linked.o")
  runTool("bpftool", "gen", "object", linked, object)
  inBpffs(bpffs => runTool("bpftool", "prog", "load", linked, join(bpffs, "p"), "type", "socket"))
})

test("bpftool loads the object", { skip: noBpftool() }, () => {
  build()
  inBpffs(bpffs => {
    runTool("bpftool", "prog", "load", object, join(bpffs, "p"), "type", "socket")
    assert.match(runTool("bpftool", "prog", "dump", "xlated", "pinned", join(bpffs, "p")), /; return 2 \* a;/)
  })
})

const LIBBPF_PROGRAM = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8); __type(key, u32); __type(value, u64); } lengths SEC(".maps");
int packets;
const volatile int step = 1;
SEC("socket") int count(struct __sk_buff *skb) {
  u32 key = skb->len;
  u64 one = 1, *seen = bpf_map_lookup_elem(&lengths, &key);
  if (seen)
    *seen += 1;
  else
    bpf_map_update_elem(&lengths, &key, &one, BPF_ANY);
  packets += step;
  return 0;
}
char LICENSE[] SEC("license") = "GPL";
`

/** Runs the program three times on 64 bytes, and says what it counted. */
const SKELETON_USER = `#include <stdio.h>
#include <bpf/bpf.h>
#include "count.skel.h"
int main(void) {
  struct count *s = count__open();
  if (!s) return 1;
  s->rodata->step = 5;
  if (count__load(s)) return 2;
  char packet[64] = {};
  LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = 64, .repeat = 3);
  if (bpf_prog_test_run_opts(bpf_program__fd(s->progs.count), &opts)) return 3;
  unsigned key = 50;
  unsigned long seen = 0;
  bpf_map__lookup_elem(s->maps.lengths, &key, sizeof key, &seen, sizeof seen, 0);
  printf("packets %d seen %lu\\n", s->bss->packets, seen);
  count__destroy(s);
  return 0;
}
`

const gcc = findTool("gcc")
const noSkeleton =
  noBpftool() ||
  (gcc === undefined && "gcc is not installed") ||
  (!existsSync("/usr/include/bpf/libbpf.h") && "libbpf-dev is not installed")

test("a skeleton with data and a map runs with libbpf", { skip: noSkeleton }, () => {
  const file = fileWith("count.c", LIBBPF_PROGRAM)
  const built = join(cwd, "count.o")
  const ran = skep(["cc", "-g", "-O2", "-target", "bpf", "-D__TARGET_ARCH_x86", "-c", file, "-o", built], { cwd })
  assert.equal(ran.status, 0, ran.stderr)
  fileWith("count.skel.h", runTool("bpftool", "gen", "skeleton", built, "name", "count"))
  const user = fileWith("main.c", SKELETON_USER)
  const program = join(cwd, "main")
  runTool(gcc!, "-w", user, "-o", program, "-lbpf", "-lelf", "-lz")
  // The kernel takes the 14 bytes of the Ethernet header off.
  assert.equal(runTool(program), "packets 15 seen 3\n")
})
