import assert from "node:assert/strict"
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

test("bpftool loads the object", { skip: noBpftool() }, () => {
  build()
  inBpffs(bpffs => {
    runTool("bpftool", "prog", "load", object, join(bpffs, "p"), "type", "socket")
    assert.match(runTool("bpftool", "prog", "dump", "xlated", "pinned", join(bpffs, "p")), /; return 2 \* a;/)
  })
})
