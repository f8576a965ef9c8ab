import { SkepError } from "../base/index.ts"
import { BPF_CLASS_MASK, BPF_LDX, type Insn, R10 } from "../isa/index.ts"
import {
  type BpfObject,
  exceptionCallback,
  type Image,
  makeImage,
  type ProgramSpec,
  type ProgramType,
} from "../object/index.ts"
import type { Facts, Verdict } from "../verifier/index.ts"
import type { CodeImage } from "./code.ts"
import { rememberSource } from "./explainFault.ts"
import { helperByNumber } from "./helpers/index.ts"
import type { VmLoadedMap } from "./loadedMap.ts"
import type { VmContext } from "./machine.ts"
import type { VmMap } from "./maps/map.ts"
import { wholeFields } from "./packet/wholeFields.ts"
import { type VmOwner, VmProgram } from "./program.ts"
import { relocate } from "./relocate.ts"
import { verified } from "./verification.ts"

/** What it takes to load a program. */
export interface LoadProgram {
  readonly spec: ProgramSpec
  readonly type: ProgramType
  readonly object: BpfObject
  readonly maps: ReadonlyMap<string, VmLoadedMap>
  readonly context: VmContext
  readonly owner: VmOwner
  readonly logLevel: 0 | 1 | 2
  /** Whether the verifier is asked. */
  readonly verify: boolean
  /** What was done without; see `Loaded.notes`. */
  readonly notes: string[]
}

/** Makes a program ready to run. @throws SkepError VM_VERIFIER, VM_LACKS, VM_NO_KFUNC, VM_NO_SYMBOL, VM_BAD_CODE */
export function loadProgram(load: LoadProgram): VmProgram {
  const { spec, type, object, context } = load
  const image = makeImage(spec, object)
  const atThrow = exceptionCallback(spec, object)
  const exceptionSlot = image.functions.find(({ spec: { name } }) => name === atThrow)?.slot
  const { given, kfuncs, maps } = relocate(image, load)
  const verdict = load.verify ? verdictOn(load, image, given, [...maps]) : undefined
  const code: CodeImage = {
    name: spec.name,
    insns: verdict === undefined ? image.insns : wholeFields(type, image.insns, verdict.facts),
    kfuncs,
    helper: helperByNumber,
    probes: verdict === undefined ? probesOf(image, type) : probesIn(verdict.facts, image.slotCount),
    verified: verdict !== undefined,
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
      log: load.logLevel === 0 ? "" : (verdict?.log ?? ""),
      license: object.license,
      owner: load.owner,
      exceptionSlot,
      verified: verdict?.counts.processed ?? 0,
      maps: [...maps].map(({ handle }) => handle),
    },
    context,
  )
}

/** What the verifier says; undefined where it fails itself, which is no reason not to run the program: it cannot leave the machine's memory. */
function verdictOn(
  { spec, type, object, context, logLevel, notes }: LoadProgram,
  image: Image,
  insns: readonly Insn[],
  maps: readonly VmMap[],
): Verdict | undefined {
  try {
    return verified({ spec, type, object, image, insns, maps, context, logLevel })
  } catch (error) {
    if (error instanceof SkepError) throw error
    notes.push(
      `program ${spec.name} was not verified: the verifier failed (${error instanceof Error ? error.message : error})`,
    )
    return undefined
  }
}

/** Loads that the verifier found to be through typed pointers, or somewhere into an arena: where nothing is, they give 0. */
function probesIn({ access }: Facts, slotCount: number): Uint8Array {
  return Uint8Array.from({ length: slotCount }, (_, slot) =>
    access[slot] === "btf" || access[slot] === "mixed" || access[slot] === "arena" ? 1 : 0,
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
