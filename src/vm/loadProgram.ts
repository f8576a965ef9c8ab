import { SkepError } from "../base/index.ts"
import { BPF_CLASS_MASK, BPF_LDX, call, type Insn, R10 } from "../isa/index.ts"
import { noMap } from "../machine/index.ts"
import {
  type BpfObject,
  exceptionCallback,
  type Image,
  makeImage,
  POISON_HELPER,
  type ProgramSpec,
  type ProgramType,
} from "../object/index.ts"
import { KERNEL } from "./address.ts"
import type { CodeImage, Helper } from "./code.ts"
import { rememberSource } from "./explainFault.ts"
import { helperByNumber } from "./helpers/index.ts"
import { kfuncByName } from "./kfuncs/index.ts"
import type { VmLoadedMap } from "./loadedMap.ts"
import type { VmContext } from "./machine.ts"
import { ArenaMap } from "./maps/arena.ts"
import { ArrayMap } from "./maps/array.ts"
import { type VmOwner, VmProgram } from "./program.ts"
import { type Verified, verifyProgram } from "./verifyProgram.ts"

/** What it takes to load a program. */
export interface LoadProgram {
  readonly spec: ProgramSpec
  readonly type: ProgramType
  readonly object: BpfObject
  readonly maps: ReadonlyMap<string, VmLoadedMap>
  readonly context: VmContext
  readonly owner: VmOwner
  readonly logLevel: 0 | 1 | 2
}

/** Makes a program ready to run. @throws SkepError VM_VERIFIER, VM_NO_KFUNC, VM_NO_SYMBOL, VM_BAD_CODE */
export function loadProgram(load: LoadProgram): VmProgram {
  const { spec, type, object, context } = load
  const image = makeImage(spec, object)
  const atThrow = exceptionCallback(spec, object)
  const exceptionSlot = image.functions.find(({ spec: { name } }) => name === atThrow)?.slot
  const verified = verifiedBy(load, image)
  const kfuncs: Helper[] = []
  const used = new Set<number>()
  relocate(image, load, kfuncs, used)
  const code: CodeImage = {
    name: spec.name,
    insns: image.insns,
    kfuncs,
    helper: helperByNumber,
    probes: verified?.probes ?? probesOf(image, type),
    entries: exceptionSlot === undefined ? [] : [exceptionSlot],
    mapAt: address => context.core.mapAt(address),
    counters: context.coverage?.count(image, object),
  }
  rememberSource(code, { program: spec.name, object, image })
  return new VmProgram(
    {
      spec,
      type,
      image: code,
      code: context.translate(code),
      slots: image.slotCount,
      log: verified?.log ?? "",
      license: object.license,
      owner: load.owner,
      exceptionSlot,
      verified: verified?.processed ?? 0,
      maps: [...used],
    },
    context,
  )
}

/** Types of programs that read the kernel's memory by plain loads. */
const TYPED = new Set<ProgramType>(["tracing", "lsm", "struct_ops"])

/** Loads that may be through a typed pointer of the kernel: all of these programs but those of the stack. A good address reads the same either way. */
function probesOf({ insns, slotCount, functions }: Image, type: ProgramType): Uint8Array {
  const probes = new Uint8Array(slotCount)
  if (!TYPED.has(type)) return probes
  for (const { slots, first } of functions) {
    slots.forEach((slot, i) => {
      const { op, src } = insns[first + i]
      if ((op & BPF_CLASS_MASK) === BPF_LDX && src !== R10) probes[slot] = 1
    })
  }
  return probes
}

/** What the verifier says of the program; undefined where the machine does not ask it. */
function verifiedBy({ spec, type, object, context, logLevel }: LoadProgram, image: Image): Verified | undefined {
  if (!context.verify) return undefined
  return verifyProgram({ spec, type, object, image, types: context.types?.(), version: context.version, logLevel })
}

/** Fills in what only the machine knows: addresses of maps and their values, functions and symbols of the kernel. */
function relocate(image: Image, load: LoadProgram, kfuncs: Helper[], used: Set<number>): void {
  const { insns } = image
  for (const relocation of image.relocations) {
    const { insn } = relocation
    switch (relocation.kind) {
      case "kfunc": {
        const kfunc = kfuncByName(relocation.name)
        if (kfunc !== undefined) insns[insn] = { ...insns[insn], imm: kfuncs.push(kfunc) - 1, off: 0 }
        else if (relocation.weak) {
          insns[insn] = call(POISON_HELPER)
          image.poisoned.set(insn, `function ${relocation.name} is not in this machine`)
        } else throw noKfunc(load.spec.name, relocation.name)
        break
      }
      case "ksym": {
        const address = load.context.core.environment.symbol(relocation.name)
        if (address === undefined && !relocation.weak) throw noSymbol(load.spec.name, relocation.name)
        insns[insn] = constant(insns[insn], Number((address ?? 0n) & 0xffffffffn), Number((address ?? 0n) >> 32n))
        break
      }
      case "extern":
        throw notLinked(load.spec.name, relocation.name)
      default: {
        const loaded = load.maps.get(relocation.map)
        if (loaded === undefined) {
          if (load.object.externs?.some(e => e.name === relocation.map)) throw notLinked(load.spec.name, relocation.map)
          throw noMap(relocation.map, load.maps.keys())
        }
        const { map } = loaded
        used.add(map.handle)
        const data = map instanceof ArrayMap ? map.data : map instanceof ArenaMap ? map.base : map.address
        const address = relocation.kind === "map" ? map.address : data + relocation.offset
        insns[insn] = constant(insns[insn], address, KERNEL)
      }
    }
  }
}

const constant = (insn: Insn, low: number, high: number): Insn => ({ ...insn, src: 0, imm: low | 0, imm64: high | 0 })

const notLinked = (user: string, name: string): SkepError =>
  new SkepError({
    code: "KERNEL_NOT_LINKED",
    message: `${user} uses ${name}, which another object defines`,
    hint: "link the objects before loading them: skep link a.o b.o -o both.o",
  })

const noKfunc = (user: string, name: string): SkepError =>
  new SkepError({
    code: "VM_NO_KFUNC",
    message: `${user} calls ${name}, a kernel function that the embedded machine does not have`,
    hint: "declare it __weak and ask bpf_ksym_exists, or run the program in the kernel",
  })

const noSymbol = (user: string, name: string): SkepError =>
  new SkepError({
    code: "VM_NO_SYMBOL",
    message: `${user} uses the address of ${name}, which the embedded machine's kernel does not have`,
    hint: "declare it __weak, and its address is 0",
  })
