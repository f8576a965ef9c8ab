import { existsSync } from "node:fs"
import type { AttachType } from "../isa/index.ts"
import * as isa from "../isa/index.ts"
import { kprobeSupport } from "./attach/kprobe.ts"
import { perfEventOpen } from "./attach/perf.ts"
import { kprobeMultiCreate, linkUprobeMulti, mapCreate, progLoad, rawTracepointOpen } from "./bpf/index.ts"
import { isPermission, raiseMemlock, readNumber, vmlinuxTypes } from "./host/index.ts"
import { closeFd, EBADF, ENOENT, EPERM } from "./raw/index.ts"
import { lookForTracefs } from "./tracefs.ts"

/**
 * What the running kernel can do for this process. Each is found out by doing it once, in the smallest way there is,
 * when it is first asked; version numbers say little, since distributions carry features back.
 */

const known = new Map<string, number>()

/** The answer of a probe: a value ≥ 0, or −errno; asked once a process. A `descriptor` that comes out is closed. */
function once(name: string, probe: () => number, descriptor = true): number {
  let answer = known.get(name)
  if (answer === undefined) {
    answer = probe()
    if (answer === -EPERM && raiseMemlock()) answer = probe()
    if (answer >= 0 && descriptor) closeFd(answer)
    known.set(name, answer)
  }
  return answer
}

const loads = (type: string, insns: readonly isa.Insn[], expectedAttachType?: number): number =>
  progLoad({
    type: isa.progTypes.number(type) ?? 0,
    insns: isa.encodeInsns(insns),
    license: "GPL",
    expectedAttachType,
  }).result

const trivial = [isa.mov64Imm(0, 0), isa.exit()]

/** Whether this process may use bpf(2) at all: 0, or −errno. */
export function canBpf(): number {
  return Math.min(0, canMap("array"))
}

/** Whether a map of a type can be made: ≥ 0, or −errno. */
export function canMap(type: string): number {
  const unkeyed = type.endsWith("ringbuf")
  const sizes = unkeyed ? { keySize: 0, valueSize: 0, maxEntries: 65536 } : { keySize: 4, valueSize: 4, maxEntries: 1 }
  const number = isa.mapTypes.number(type) ?? 0
  return once(`map ${type}`, () => mapCreate({ type: number, ...sizes, flags: type === "lpm_trie" ? 1 : 0 }))
}

/** Whether a program of a type can be loaded: ≥ 0, or −errno. Types bound to a kernel function are not tried this way. */
export function canLoad(type: string): number {
  return once(`program ${type}`, () => loads(type, trivial))
}

/** Loops that the verifier follows to their end (Linux 5.3). */
export function hasBoundedLoops(): boolean {
  const { BPF_ADD, BPF_JLT } = isa
  const loop = [isa.mov64Imm(0, 0), isa.alu64Imm(BPF_ADD, 0, 1), isa.jumpImm(BPF_JLT, 0, 3, -2), isa.exit()]
  return once("bounded loops", () => loads("socket_filter", loop)) >= 0
}

/** The cookie of an attachment, which programs can ask for (Linux 5.15). */
export function hasAttachCookie(): boolean {
  return once("attach cookie", () => loads("tracepoint", [isa.call(174), isa.exit()])) >= 0
}

/** Reads of kernel memory that are told from those of user memory: `bpf_probe_read_kernel` (Linux 5.5). */
export function hasProbeReadKernel(): boolean {
  const { BPF_ADD } = isa
  const read = [
    isa.mov64Reg(1, 10),
    isa.alu64Imm(BPF_ADD, 1, -8),
    isa.mov64Imm(2, 8),
    isa.mov64Imm(3, 0),
    isa.call(113),
    isa.exit(),
  ]
  return once("probe_read_kernel", () => loads("tracepoint", read)) >= 0
}

/** Global variables: programs that know the address of a map's value (Linux 5.2). */
export function hasGlobalData(): boolean {
  return (
    once("global data", () => {
      const map = mapCreate({
        type: isa.mapTypes.number("array") ?? 0,
        keySize: 4,
        valueSize: 8,
        maxEntries: 1,
        flags: 0,
      })
      if (map < 0) return map
      const value = isa.lddw(1, isa.BPF_PSEUDO_MAP_VALUE, map, 0)
      const program = loads("socket_filter", [value, ...trivial])
      closeFd(map)
      return program
    }) >= 0
  )
}

/** One program a level, made of what that level brought. */
const LEVELS: readonly (() => isa.Insn[])[] = [
  () => trivial,
  // v2, Linux 4.14: unsigned less-than.
  () => [isa.mov64Imm(0, 0), isa.jumpImm(isa.BPF_JLT, 0, 1, 0), isa.exit()],
  // v3, Linux 5.1: jumps on 32 bits.
  () => [isa.mov64Imm(0, 0), isa.jump32Imm(isa.BPF_JEQ, 0, 0, 0), isa.exit()],
  // v4, Linux 6.6: sign extension.
  () => [isa.mov64Imm(0, 0), isa.movsx64(0, 0, 8), isa.exit()],
]

/** The newest level of the instruction set that the kernel takes, clang's `-mcpu=vN`; 0 when it takes no program at all. */
export function cpuLevel(): 0 | 1 | 2 | 3 | 4 {
  // From the newest down: most kernels answer at the first try.
  for (let level = LEVELS.length; level > 0; level--) {
    const program = LEVELS[level - 1]
    if (once(`cpu v${level}`, () => loads("socket_filter", program())) >= 0) return level as 1 | 2 | 3 | 4
  }
  return 0
}

/** Whether a probe can be put on a function by the kprobe PMU (Linux 4.17): ≥ 0, −errno, undefined without the PMU. */
export function canKprobe(): number | undefined {
  const { pmuType } = kprobeSupport()
  if (pmuType === undefined) return undefined
  return once("kprobe", () => perfEventOpen({ type: pmuType, config: 0, symbol: "vfs_statfs", offset: 0 }))
}

/** Whether a program can be put on many functions by one link (Linux 5.18, and CONFIG_FPROBE): ≥ 0, or −errno. */
export function canKprobeMulti(): number {
  return once("kprobe.multi", () => {
    const program = loads("kprobe", trivial, isa.attachTypes.number("trace_kprobe_multi"))
    if (program < 0) return program
    const fd = kprobeMultiCreate(program, { names: ["vfs_statfs"], ret: false })
    closeFd(program)
    return fd
  })
}

/** Whether kprobes can be made by kprobe_events. */
export function hasKprobeEvents(): boolean {
  const folder = lookForTracefs()
  return folder !== undefined && existsSync(`${folder}/kprobe_events`)
}

/** Type of the uprobe PMU; undefined without one. */
export function uprobePmu(): number | undefined {
  return readNumber("/sys/bus/event_source/devices/uprobe/type")
}

/** Whether a uprobe can be made by the PMU: ≥ 0, −errno, undefined without the PMU. No code is at the place that is tried. */
export function canUprobe(): number | undefined {
  const type = uprobePmu()
  if (type === undefined) return undefined
  const place = { symbol: "/proc/self/exe", offset: 0, pid: process.pid }
  const answer = once("uprobe", () => perfEventOpen({ type, config: 0, ...place }))
  return isPermission(-answer) ? answer : Math.max(answer, 0)
}

/** Whether a program can be attached to many places of a file at once (Linux 6.6). */
export function canUprobeMulti(): boolean {
  return (
    once(
      "uprobe.multi",
      () => {
        const program = loads("kprobe", trivial, isa.attachTypes.number("trace_uprobe_multi"))
        if (program < 0) return program
        // No file: kernels that know such links say EBADF, others refuse the call itself.
        const link = linkUprobeMulti(program, { path: "/", offsets: [0], ret: false })
        closeFd(program)
        return link === -EBADF ? 0 : link
      },
      false,
    ) >= 0
  )
}

/** Whether a program can be bound to a function of the kernel and attached to it: ≥ 0, or −errno. `name` is that of the function in the kernel's BTF. */
export function canBind(type: string, attachType: AttachType, name: string): number {
  return once(`bound ${attachType}`, () => {
    const attachBtfId = functionType(name)
    if (attachBtfId === 0) return -ENOENT
    const expectedAttachType = isa.attachTypes.number(attachType)
    const insns = isa.encodeInsns(trivial)
    const number = isa.progTypes.number(type) ?? 0
    const { result: program } = progLoad({ type: number, insns, license: "GPL", expectedAttachType, attachBtfId })
    if (program < 0) return program
    const fd = rawTracepointOpen(undefined, program)
    closeFd(program)
    return fd
  })
}

/** Number of a function in the kernel's BTF; 0 where there is none, or no BTF. */
function functionType(name: string): number {
  try {
    return vmlinuxTypes().find(name, "func")
  } catch {
    return 0
  }
}

/** Whether a program runs on a raw tracepoint (Linux 4.17): ≥ 0, or −errno. */
export function canRawTracepoint(): number {
  return once("raw tracepoint", () => {
    const program = loads("raw_tracepoint", trivial)
    if (program < 0) return program
    const fd = rawTracepointOpen("task_rename", program)
    closeFd(program)
    return fd
  })
}
