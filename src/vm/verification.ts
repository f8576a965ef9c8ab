import { SkepError } from "../base/index.ts"
import { Btf, type BtfFuncInfo, type BtfLineInfo } from "../btf/index.ts"
import { type AttachType, encodeInsns, type Insn } from "../isa/index.ts"
import {
  type AttachSpec,
  type BpfObject,
  boundTo,
  type Image,
  loadableBtf,
  type MapSpec,
  type ProgramSpec,
  type ProgramType,
  poisonAt,
  usualPlace,
} from "../object/index.ts"
import { refusalParts, type Verdict, type VerifierInput, type VerifierMap, verify } from "../verifier/index.ts"
import type { VmContext } from "./machine.ts"
import { BPF_F_RDONLY_PROG } from "./maps/array.ts"
import type { VmMap } from "./maps/map.ts"

/** A program as the verifier is to see it: with descriptors of maps and numbers of the kernel's functions. */
export interface Unverified {
  readonly spec: ProgramSpec
  readonly type: ProgramType
  readonly object: BpfObject
  readonly image: Image
  readonly insns: readonly Insn[]
  readonly maps: readonly VmMap[]
  readonly context: VmContext
  readonly logLevel: number
}

const BPF_F_SLEEPABLE = 1 << 4
const BPF_F_XDP_HAS_FRAGS = 1 << 5

/** What the verifier says of a program. @throws SkepError VM_VERIFIER with the whole log; VM_LACKS */
export function verified(program: Unverified): Verdict {
  // The log doubles the time, so it is written when somebody wants it: as a kernel's loader does.
  const input = inputOf(program)
  const quick = verify(input)
  if (quick.accepted) return quick
  const verdict = program.logLevel === 0 ? verify({ ...input, logLevel: 1 }) : quick
  const { spec, type, object, image } = program
  const { log, refusal } = verdict
  const poisoned = refusal && poisonAt(image, refusal.slot)
  if (poisoned !== undefined) {
    throw new SkepError({
      code: "VM_LACKS",
      message: `program ${spec.name} does not fit this machine: ${poisoned}`,
      hint: "ask first (bpf_core_field_exists, bpf_core_type_exists, bpf_ksym_exists), and do without it where it is missing",
      log,
    })
  }
  const parts = refusalParts({ name: spec.name, type, object, image, log }, "skep's verifier", refusal?.message ?? "")
  const { slot: _, source: __, ...said } = parts ?? { slot: 0, source: "", message: `program ${spec.name} was refused` }
  throw new SkepError({ code: "VM_VERIFIER", ...said, log, errno: refusal?.errno })
}

function inputOf(program: Unverified): VerifierInput {
  const { spec, type, object, image, insns, maps, context, logLevel } = program
  const kernelBtf = context.types?.()
  const loadable = loadableBtf(object)
  const btf = loadable && Btf.parse(loadable.bytes)
  const { attach } = spec
  const bound = attach && boundTo(attach.kind)
  return {
    insns: encodeInsns(insns),
    type,
    attachType: (bound?.attachType ?? spec.attachType ?? usualPlace(type)) as AttachType | undefined,
    attachTo: attach && kernelBtf && targetOf(attach, kernelBtf),
    license: object.license,
    flags: (type === "syscall" || spec.sleepable ? BPF_F_SLEEPABLE : 0) | (spec.frags ? BPF_F_XDP_HAS_FRAGS : 0),
    maps: new Map(maps.map(map => [map.handle, mapOf(map.spec, btf, contentOf(map))])),
    btf,
    funcInfo: functionsOf(image),
    lineInfo: linesOf(image, object),
    kernelBtf,
    kernel: context.version,
    logLevel,
  }
}

function targetOf(attach: AttachSpec, kernelBtf: Btf): VerifierInput["attachTo"] {
  const bound = boundTo(attach.kind)
  if (bound === undefined) return undefined
  const found = kernelBtf.find(bound.prefix + attach.event, bound.kind)
  return found === 0 ? undefined : { btf: kernelBtf, type: found }
}

/** What is in a map that can never change again. */
function contentOf(map: VmMap): Uint8Array | undefined {
  if (map.type !== "array" || !map.spec.frozen) return undefined
  const content = map.memory.allocate(((map.valueSize + 7) & ~7) + map.keySize, "the content of a map", {
    access: "none",
  })
  try {
    const key = content + ((map.valueSize + 7) & ~7)
    return map.read(key, content) < 0 ? undefined : map.memory.copy(content, map.valueSize)
  } finally {
    map.memory.free(content)
  }
}

function mapOf(spec: MapSpec, btf: Btf | undefined, frozen?: Uint8Array): VerifierMap {
  const { name, type, keySize, valueSize, maxEntries, flags, keyType, valueType, innerSpec, mapExtra } = spec
  const typed = btf !== undefined && (keyType !== 0 || valueType !== 0)
  return {
    name,
    type,
    keySize,
    valueSize,
    maxEntries,
    flags: spec.frozen ? flags | BPF_F_RDONLY_PROG : flags,
    ...(frozen && { frozen }),
    ...(typed && { btf, keyType, valueType }),
    ...(innerSpec && { inner: mapOf(innerSpec, btf) }),
    ...(type === "arena" && { extra: BigInt(mapExtra ?? 0) }),
  }
}

/** The types of functions: of all, or of none. */
function functionsOf({ functions }: Image): BtfFuncInfo[] {
  if (functions.some(({ spec }) => spec.btfId === 0)) return []
  return functions.map(({ slot, spec }) => ({ insn: slot, type: spec.btfId }))
}

function linesOf({ functions }: Image, { lines }: BpfObject): BtfLineInfo[] {
  const found: BtfLineInfo[] = []
  for (const { spec, slot, slots } of functions) {
    const infos = spec.lineInfo.filter(info => info.insn < slots.length && info.line < lines.length)
    let last = -1
    for (const { insn, line, column } of infos.sort((a, b) => a.insn - b.insn)) {
      // The first entry stands for all that precedes it.
      const at = last < 0 ? slot : slots[insn]
      if (at !== last) found.push({ insn: at, ...lines[line], column })
      last = at
    }
  }
  return found
}
