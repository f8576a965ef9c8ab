import { readdirSync, readlinkSync } from "node:fs"
import type { Insn } from "../../src/isa/index.ts"
import { exit, mov64Imm } from "../../src/isa/index.ts"
import { type FunctionNames, KernelMachine } from "../../src/kernel/index.ts"
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
