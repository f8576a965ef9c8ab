import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { BPF } from "../../src/bpf/index.ts"
import { VirtualMachine } from "../../src/vm/index.ts"
import { installedTool, inTempDir } from "../support/tools.ts"

// Counts of lines, functions and branches, of code that is optimised, against those of gcc -O0 and gcov. A statement stands on a line of its own: what
// gcov makes of several on one line has no rule.

const FUNCTIONS: Readonly<Record<string, string>> = {
  "a branch that becomes a choice": `
int f(unsigned a, unsigned b) {
  int x = 3;
  if (a > 5)
    x = 7;
  return x;
}`,
  "both ways, the same at their ends": `
int f(unsigned a, unsigned b) {
  int x;
  if (a & 1)
    x = b + 1;
  else
    x = b + 2;
  if (b & 1) {
    x++;
    return x;
  }
  x--;
  return x;
}`,
  "a loop that is unrolled": `
int f(unsigned a, unsigned b) {
  int sum = 0;
  int i = 0;
  while (i < 4) {
    if (i == (a & 3))
      sum += b;
    i++;
  }
  return sum;
}`,
  "a loop that stays": `
int f(unsigned a, unsigned b) {
  unsigned n = a & 63;
  unsigned sum = b;
  do {
    sum = sum * 3 + n;
    if (sum & 4)
      continue;
    sum ^= n;
  } while (n-- > 1);
  return sum;
}`,
  "a function that is called twice, and one that nobody calls": `
static inline int twice(int x) {
  if (x > 100)
    return x;
  return 2 * x;
}
int f(unsigned a, unsigned b) {
  int x = twice(a);
  x += twice(b);
  return x;
}`,
  switch: `
int f(unsigned a, unsigned b) {
  int x = 0;
  switch (a & 3) {
  case 0:
    x = 5;
    break;
  case 1:
    x = 6;
  case 2:
    x++;
    break;
  default:
    x = 9;
  }
  return x;
}`,
  "what is known beforehand": `
int f(unsigned a, unsigned b) {
  unsigned x = a & 7;
  if (x > 8)
    return 1;
  if (x == 3)
    return 2;
  return 3;
}`,
}
const INPUTS: readonly (readonly [number, number])[] = [
  [0, 0],
  [1, 2],
  [3, 3],
  [6, 1],
  [7, 200],
  [63, 5],
  [120, 8],
]

/** Lines of no statement, which the one or the other counts: a function's end, a label, the beginning of a loop. */
const SIGNS = /^( *}| *(case \d|default):| *do {)$/

interface Counted {
  readonly lines: readonly (readonly [line: number, hits: number])[]
  readonly functions: readonly string[]
  /** By line, the counts of all ways, the smallest first. */
  readonly branches: readonly (readonly [line: number, hits: readonly number[]])[]
}

const byNumber = (a: number, b: number): number => a - b

/** What gcov says of code that gcc did not optimise. */
function native(text: string): Counted {
  return inTempDir(dir => {
    const calls = INPUTS.map(([a, b]) => `f(${a}, ${b});`).join(" ")
    writeFileSync(join(dir, "f.c"), text)
    writeFileSync(join(dir, "main.c"), `int f(unsigned, unsigned);\nint main(void) { ${calls} return 0; }\n`)
    const run = (program: string, ...args: string[]): string =>
      execFileSync(program, args, { cwd: dir, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })
    run("gcc", "-w", "-O0", "--coverage", "-c", "f.c")
    run("gcc", "-w", "-O0", "-c", "main.c")
    run("gcc", "--coverage", "f.o", "main.o", "-o", "program")
    run(join(dir, "program"))
    const [file] = JSON.parse(run("gcov", "-b", "--json-format", "--stdout", "f.c")).files
    const lines = file.lines as { line_number: number; count: number; branches: { count: number }[] }[]
    return {
      lines: lines.map(({ line_number, count }): [number, number] => [line_number, count]).sort(([a], [b]) => a - b),
      functions: file.functions.map(
        (one: { name: string; execution_count: number }) => `${one.name} ${one.execution_count}`,
      ),
      branches: lines
        .filter(({ branches }) => branches.length > 0)
        .map(({ line_number, branches }): [number, number[]] => [
          line_number,
          branches.map(({ count }) => count).sort(byNumber),
        ]),
    }
  })
}

/** What the program's own counts say, optimised and on the embedded machine. */
async function counted(text: string): Promise<Counted> {
  const program = `${text}\nint probe(struct __sk_buff *skb) { return f(skb->mark, skb->priority); }\n`
  using b = await BPF.load({ text: program, coverage: true, machine: new VirtualMachine(), autoAttach: false })
  const probe = b.program("probe", { type: "sched_cls" })
  for (const [mark, priority] of INPUTS) {
    const context = new DataView(new ArrayBuffer(192))
    context.setUint32(8, mark, true)
    context.setUint32(32, priority, true)
    probe.testRun({ data: new Uint8Array(64), context: new Uint8Array(context.buffer) })
  }
  const end = program.trimEnd().split("\n").length
  const [file] = b.coverage()
  const branches = new Map<number, number[]>()
  for (const { line, hits } of file.branches ?? []) branches.set(line, [...(branches.get(line) ?? []), hits])
  return {
    lines: [...file.lines].filter(([line]) => line < end),
    functions: file.functions.filter(({ name }) => name !== "probe").map(({ name, hits }) => `${name} ${hits}`),
    branches: [...branches].map(([line, hits]): [number, number[]] => [line, hits.sort(byNumber)]),
  }
}

const missing = ["gcc", "gcov"].find(name => installedTool(name) === undefined)
for (const [name, text] of Object.entries(FUNCTIONS)) {
  test(`counts as gcov does: ${name}`, { skip: missing !== undefined && `${missing} is missing` }, async () => {
    const [ours, theirs] = [await counted(text), native(text)]
    const source = text.split("\n")
    const statements = ({ lines }: Counted): Counted["lines"] => lines.filter(([line]) => !SIGNS.test(source[line - 1]))
    assert.deepEqual(statements(ours), statements(theirs))
    assert.deepEqual([...ours.functions].sort(), [...theirs.functions].sort())
    // A switch is many ways for gcov, and a tree of branches here.
    const plain = ({ branches }: Counted): Counted["branches"] =>
      branches.filter(([line]) => !/switch/.test(source[line - 1]))
    assert.deepEqual(plain(ours), plain(theirs))
  })
}
