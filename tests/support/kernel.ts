import { spawnSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { gunzipSync } from "node:zlib"
import { SkepError } from "../../src/base/index.ts"
import * as isa from "../../src/isa/index.ts"
import { type FunctionNames, KernelMachine, sys } from "../../src/kernel/index.ts"
import type { Loaded, TraceOptions, TraceReader } from "../../src/machine/index.ts"
import type { BpfObject, FunctionSpec, MapSpec, ProgramSpec, ProgramType } from "../../src/object/index.ts"

/** Reason to skip a test that loads programs; false where it can run. */
export const needsRoot: string | false =
  process.platform !== "linux" ? "not Linux" : process.getuid?.() !== 0 ? "not root" : false

/** Whether the suite is run on the embedded machine (SKEP_MACHINE=vm), which needs no rights. */
export const onVm = process.env.SKEP_MACHINE === "vm"
/** Reason to skip a test that loads programs into either machine; false where it can run. */
export const needsMachine: string | false = onVm ? false : needsRoot
/** Reason to skip a test of what only a kernel does. */
export const needsKernel: string | false = onVm ? "only a kernel does this" : needsRoot

/** The running kernel's configuration where it tells it (`CONFIG_HZ=250` and so on, a line each), else nothing. */
export function kernelConfig(): string {
  if (!existsSync("/proc/config.gz")) return ""
  return gunzipSync(readFileSync("/proc/config.gz")).toString("latin1")
}

export function object(parts: Partial<BpfObject>): BpfObject {
  const none = { name: "test.c", license: "GPL", programs: [], functions: [], maps: [], lines: [] }
  return { ...none, btf: new Uint8Array(0), ...parts }
}

export function func(name: string, insns: readonly isa.Insn[], parts: Partial<FunctionSpec> = {}): FunctionSpec {
  return { name, insns, relocations: [], core: [], btfId: 0, lineInfo: [], linkage: "static", ...parts }
}

export function program(name: string, insns: readonly isa.Insn[], parts: Partial<ProgramSpec> = {}): ProgramSpec {
  return { ...func(name, insns), section: name, ...parts }
}

export function map(name: string, type: string, parts: Partial<MapSpec> = {}): MapSpec {
  return { name, type, keySize: 4, valueSize: 8, maxEntries: 16, flags: 0, keyType: 0, valueType: 0, ...parts }
}

/** `return value` */
export const returns = (value: number): isa.Insn[] => [isa.mov64Imm(0, value), isa.exit()]

/** Stands for the symbols room where a test does not need it. */
export const noNames: FunctionNames = {
  resolve(name) {
    throw new Error(`no function ${name}`)
  },
  syscall: name => `sys_${name}`,
}

export const kernel = (): KernelMachine => new KernelMachine({ functions: noNames })

const GET_PID_TGID = 14
const MAP_LOOKUP = 1

/** A program that counts in the map `hits` how often it runs in this process. */
export function counter(name: string, type: ProgramType): ProgramSpec {
  const insns = [
    isa.call(GET_PID_TGID),
    isa.alu64Imm(isa.BPF_RSH, 0, 32),
    isa.jumpImm(isa.BPF_JNE, 0, process.pid, 10),
    isa.storeImm(isa.BPF_W, 10, -4, 0),
    isa.mov64Reg(2, 10),
    isa.alu64Imm(isa.BPF_ADD, 2, -4),
    isa.loadMapFd(1, 0),
    isa.call(MAP_LOOKUP),
    isa.jumpImm(isa.BPF_JEQ, 0, 0, 3),
    isa.loadMem(isa.BPF_DW, 1, 0, 0),
    isa.alu64Imm(isa.BPF_ADD, 1, 1),
    isa.storeReg(isa.BPF_DW, 0, 1, 0),
    isa.mov64Imm(0, 0),
    isa.exit(),
  ]
  return program(name, insns, { type, relocations: [{ kind: "map", insn: 6, map: "hits" }] })
}

/** The program `count` of a type, and its map. */
export const counting = (type: ProgramType, machine = kernel()): Loaded =>
  machine.load(object({ programs: [counter("count", type)], maps: [map("hits", "array", { maxEntries: 1 })] }))

/** What {@link counter} has counted. */
export const hits = (loaded: Loaded): number =>
  Number(new DataView((loaded.map("hits").lookup(new Uint8Array(4)) as Uint8Array).buffer).getBigUint64(0, true))

/** Number of getpgid(2), which nothing in Node calls. */
const GETPGID = process.arch === "x64" ? 121 : 155
/** Makes the system call getpgid. */
export const enter = (times: number): void => {
  for (let i = 0; i < times; i++) sys().call(GETPGID, process.pid)
}

/** Descriptors of this process that are the kernel's BPF objects or perf events. */
export function bpfDescriptors(): string[] {
  const found: string[] = []
  for (const fd of readdirSync("/proc/self/fd")) {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`)
      if (/^anon_inode:.*(bpf|btf|perf_event)|\/tracing\//.test(target)) found.push(target)
    } catch {}
  }
  return found
}

/** Opens the kernel's trace output, which one test at a time can have: another test's turn is waited for. */
export async function traced(options: TraceOptions = {}): Promise<TraceReader> {
  for (let tries = 0; ; tries++) {
    try {
      return kernel().trace(options)
    } catch (error) {
      if (!(error instanceof SkepError) || error.code !== "KERNEL_TRACE_BUSY" || tries > 500) throw error
      await sleep(20)
    }
  }
}

const CHILD = "SKEP_TEST_CHILD"

/**
 * Things that are tried in a process of their own: the test file starts itself again with the name of a scenario. True
 * in that process, where the file must define no tests.
 */
export function childScenarios(scenarios: Readonly<Record<string, () => unknown>>): boolean {
  const name = process.env[CHILD]
  if (name === undefined) return false
  const run = async (): Promise<unknown> => scenarios[name]()
  run().catch(error => {
    if (!(error instanceof SkepError)) throw error
    console.log(`${error.code}: ${error.message}\n${error.hint}`)
    process.exitCode = 1
  })
  return true
}

/** The environment in which a test file runs a scenario. */
export function childEnv(scenario: string): NodeJS.ProcessEnv {
  // The test runner tells its children by a variable, which would make the scenario report like a test file.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  return { ...env, [CHILD]: scenario }
}

/** Starts a scenario of the test file `url` in a new process and waits for its end. */
export function runChild(url: string, scenario: string, options: { uid?: number; execArgv?: readonly string[] } = {}) {
  const { uid, execArgv = [] } = options
  return spawnSync(process.execPath, [...execArgv, fileURLToPath(url)], {
    uid,
    env: childEnv(scenario),
    encoding: "utf8",
    timeout: 20_000,
  })
}
