import { spawnSync } from "node:child_process"
import { readdirSync, readlinkSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { SkepError } from "../../src/base/index.ts"
import type { Insn } from "../../src/isa/index.ts"
import { exit, mov64Imm } from "../../src/isa/index.ts"
import { type FunctionNames, KernelMachine } from "../../src/kernel/index.ts"
import type { TraceOptions, TraceReader } from "../../src/machine/index.ts"
import type { BpfObject, FunctionSpec, MapSpec, ProgramSpec } from "../../src/object/index.ts"

/** Reason to skip a test that loads programs; false where it can run. */
export const needsRoot: string | false =
  process.platform !== "linux" ? "not Linux" : process.getuid?.() !== 0 ? "not root" : false

export function object(parts: Partial<BpfObject>): BpfObject {
  const none = { name: "test.c", license: "GPL", programs: [], functions: [], maps: [], lines: [] }
  return { ...none, btf: new Uint8Array(0), ...parts }
}

export function func(name: string, insns: readonly Insn[], parts: Partial<FunctionSpec> = {}): FunctionSpec {
  return { name, insns, relocations: [], btfId: 0, lineInfo: [], ...parts }
}

export function program(name: string, insns: readonly Insn[], parts: Partial<ProgramSpec> = {}): ProgramSpec {
  return { ...func(name, insns), section: name, ...parts }
}

export function map(name: string, type: string, parts: Partial<MapSpec> = {}): MapSpec {
  return { name, type, keySize: 4, valueSize: 8, maxEntries: 16, flags: 0, keyType: 0, valueType: 0, ...parts }
}

/** `return value` */
export const returns = (value: number): Insn[] => [mov64Imm(0, value), exit()]

/** Stands for the symbols room where a test does not need it. */
export const noNames: FunctionNames = {
  resolve(name) {
    throw new Error(`no function ${name}`)
  },
  syscall: name => `sys_${name}`,
}

export const kernel = (): KernelMachine => new KernelMachine({ functions: noNames })

/** Descriptors of this process that are the kernel's BPF objects or perf events. */
export function bpfDescriptors(): string[] {
  const found: string[] = []
  for (const fd of readdirSync("/proc/self/fd")) {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`)
      if (/bpf|btf|perf_event|tracing/.test(target)) found.push(target)
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
  Promise.resolve(scenarios[name]()).catch(error => {
    console.log(error instanceof SkepError ? `${error.code}: ${error.message}\n${error.hint}` : error)
    process.exitCode = 1
  })
  return true
}

/** Starts a scenario of the test file `url` in a new process and waits for its end. */
export function runChild(url: string, scenario: string, options: { uid?: number } = {}) {
  // The test runner tells its children by a variable, which would make the scenario report like a test file.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  return spawnSync(process.execPath, [fileURLToPath(url)], {
    ...options,
    env: { ...env, [CHILD]: scenario },
    encoding: "utf8",
    timeout: 20_000,
  })
}
