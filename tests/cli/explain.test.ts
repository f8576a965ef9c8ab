import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { disassembleFunction, readElf } from "../../src/object/index.ts"
import { fileWith, scratch, skep } from "../support/cli.ts"
import { golden } from "../support/golden.ts"

fileWith(
  "sum.c",
  `BPF_HASH(sums, u32, u64);

static inline u64 square(u64 x) {
  return x * x;
}

static __attribute__((noinline)) int far_away(int a) {
  return a + 1;
}

int look(struct __sk_buff *skb) {
  u32 key = skb->protocol;
  u64 *total = sums.lookup(&key); // a comment has no code of its own, and this line is folded in its column

  if (!total)
    return far_away(key);
  return square(*total);
}

/* Adds up squares. */
int sum(struct __sk_buff *skb) {
  u32 key = skb->protocol;
  u64 *total = sums.lookup(&key), sum = 0;

  if (!total)
    return far_away(key);
  for (u32 i = 0; i < 100; i++)
    sum += square(skb->len + i);
  *total = sum;
  return 0;
}
`,
)
const cwd = scratch()

/** What `skep explain` prints, against a stored text. */
function shows(name: string, ...args: string[]): void {
  test(`explain ${args.join(" ")}`, () => {
    const { status, stdout, stderr } = skep(["explain", "--cpu=v3", ...args], { cwd })
    assert.equal(status, 0, stderr)
    assert.equal(stderr, "")
    golden(`tests/golden/explain/${name}`, stdout)
  })
}
shows("columns.txt", "sum.c:look", "--width=110")
shows("narrow.txt", "sum.c:far_away", "--width=20")
shows("plain.txt", "sum.c:look", "--plain")
shows("json.txt", "sum.c:far_away", "--json")

/** The command line is wrong, or the program. */
function refuses(args: readonly string[], status: number, stderr: RegExp): void {
  test(`explain ${args.join(" ")}`, () => {
    const ran = skep(["explain", ...args], { cwd })
    assert.equal(ran.status, status)
    assert.match(ran.stderr, stderr)
  })
}
refuses(
  ["sum.c:sun"],
  1,
  /no function sun in sum\.c; did you mean 'sum'\? \[CLI_EXPLAIN_FUNCTION\]\nhint: .*: look, sum, far_away/,
)
refuses(["sum.c:square"], 1, /square of sum\.c is inlined where it is called/)
refuses(["sum.c"], 2, /does not say which function\nhint: write sum\.c:FUNCTION: look, sum, far_away/)
refuses(["nowhere.c:f"], 1, /cannot read nowhere\.c/)
refuses(["--width=x", "sum.c:sum"], 2, /--width is a number of columns/)

test("every instruction and every line of the function is shown once", () => {
  const json = JSON.parse(skep(["explain", "--cpu=v3", "--json", "sum.c:sum"], { cwd }).stdout)
  assert.equal(skep(["compile", "--cpu=v3", "sum.c"], { cwd }).status, 0)
  const program = readElf(readFileSync(join(cwd, "sum.o"))).programs.find(({ name }) => name === "sum")!
  const shown = [...json.lines, ...json.others].flatMap(({ bpf }: { bpf: string[] }) => bpf)
  const all = disassembleFunction(program, { syntax: "llvm" })
    .split("\n")
    .map(row => row.trim().replace(/call 1$/, "call bpf_map_lookup_elem"))
    .filter(Boolean)
  assert.deepEqual(shown.sort(), all.sort())
  assert.equal(json.sizes.instructions, program.insns.length)
  assert.deepEqual(
    json.lines.map(({ line }: { line: number }) => line),
    [21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31],
  )
})
