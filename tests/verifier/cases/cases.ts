import { spawnSync } from "node:child_process"
import { mkdirSync, readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { cacheFolder } from "../../oracle/selftests/suite.ts"
import { runTool } from "../../support/tools.ts"
import harness from "./harness.c"

/** A case of test_verifier.c. */
export interface Case {
  readonly name: string
  /** `enum bpf_prog_type`. */
  readonly type: number
  readonly attachType: number
  /** A function, tracepoint or hook of the kernel by name. */
  readonly attachTo?: string
  /** As the load takes them. */
  readonly flags: number
  readonly insns: Uint8Array
  /** By name of the map the slots that name it. */
  readonly maps: Readonly<Record<string, readonly number[]>>
  readonly kfuncs: readonly { readonly name: string; readonly slot: number }[]
  readonly funcInfo?: Uint8Array
  readonly btf?: Uint8Array
}

const BPF_F_STRICT_ALIGNMENT = 1 << 0
const BPF_F_ANY_ALIGNMENT = 1 << 1
const BPF_F_TEST_RND_HI32 = 1 << 2

/** The file's own flags are the two lowest bits. */
function loadFlags(flags: number): number {
  const alignment = (flags & 2 ? BPF_F_STRICT_ALIGNMENT : 0) | (flags & 1 ? BPF_F_ANY_ALIGNMENT : 0)
  return BPF_F_TEST_RND_HI32 | alignment | (flags & ~3)
}

/** Type information as a section: its header, the types, the strings. */
function btfOf(types: Uint8Array, strings: Uint8Array): Uint8Array {
  const HEADER = 24
  const bytes = new Uint8Array(HEADER + types.length + strings.length)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, 0xeb9f, true)
  view.setUint8(2, 1)
  view.setUint32(4, HEADER, true)
  view.setUint32(12, types.length, true)
  view.setUint32(16, types.length, true)
  view.setUint32(20, strings.length, true)
  bytes.set(types, HEADER)
  bytes.set(strings, HEADER + types.length)
  return bytes
}

interface Line extends Omit<Case, "insns" | "funcInfo" | "btf" | "kfuncs"> {
  readonly insns: string
  readonly kfuncs?: Case["kfuncs"]
  readonly funcInfo?: string
  readonly btfTypes?: string
  readonly btfStrings?: string
}

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"))
const types = (line: Pick<Line, "btfTypes" | "btfStrings">): Uint8Array | undefined =>
  line.btfTypes === undefined ? undefined : btfOf(bytes(line.btfTypes), bytes(line.btfStrings ?? ""))

function parse(text: string): Case {
  const line = JSON.parse(text) as Line
  return {
    ...line,
    attachType: line.attachType ?? 0,
    flags: loadFlags(line.flags ?? 0),
    insns: bytes(line.insns),
    kfuncs: line.kfuncs ?? [],
    funcInfo: line.funcInfo === undefined ? undefined : bytes(line.funcInfo),
    btf: types(line),
  }
}

/**
 * The cases of a kernel's test_verifier.c, by way of a C program that gcc builds of it, and the types of their maps. `selftests` is
 * `tools/testing/selftests/bpf` of the kernel's source.
 */
export function readCases(selftests: string): { cases: Case[]; mapTypes: Uint8Array } {
  const folder = join(cacheFolder(), "cases")
  mkdirSync(join(folder, "verifier"), { recursive: true })
  const parts = readdirSync(join(selftests, "verifier")).filter(name => name.endsWith(".c"))
  const includes = parts.map(name => `#include "${name}"`).join("\n")
  writeFileSync(join(folder, "verifier/tests.h"), `#ifdef FILL_ARRAY\n${includes}\n#endif\n`)
  const source = join(folder, "harness.c")
  writeFileSync(source, harness)
  const program = join(folder, "harness")
  const folders = [folder, join(selftests, "verifier"), selftests].flatMap(path => ["-I", path])
  // What it would call of libbpf is never called.
  const link = ["-static", "-no-pie", "-Wl,--unresolved-symbols=ignore-all"]
  runTool("gcc", "-w", "-O0", ...folders, "-o", program, source, ...link)
  const { status, stdout } = spawnSync(program, { encoding: "utf8", maxBuffer: 1 << 28 })
  if (status !== 0) throw new Error(`${program} exits with ${status}`)
  const [first, ...rest] = stdout.trimEnd().split("\n")
  return { cases: rest.map(parse), mapTypes: types(JSON.parse(first)) as Uint8Array }
}
