import { SkepError } from "../base/index.ts"
import { Btf, type BtfLineInfo } from "../btf/index.ts"
import * as isa from "../isa/index.ts"
import {
  type AttachSpec,
  type BpfObject,
  boundTo,
  type Image,
  loadableBtf,
  type MapSpec,
  type ProgramSpec,
  type ProgramType,
  usualPlace,
} from "../object/index.ts"
import { refusalParts, type VerifierInput, type VerifierMap, verify } from "../verifier/index.ts"

const BPF_F_RDONLY_PROG = 1 << 7
const BPF_F_SLEEPABLE = 1 << 4
const BPF_F_XDP_HAS_FRAGS = 1 << 5

/** What it takes to verify a program. */
export interface VerifyProgram {
  readonly spec: ProgramSpec
  readonly type: ProgramType
  readonly object: BpfObject
  /** The program and what it calls, its relocations not filled in. */
  readonly image: Image
  /** Types of the kernel, where the machine knows them. */
  readonly types: Btf | undefined
  readonly version: { readonly major: number; readonly minor: number }
  readonly logLevel: 0 | 1 | 2
}

/** What the verifier found out about a program that it takes. */
export interface Verified {
  /** Empty unless it was asked for. */
  readonly log: string
  /** Instructions that it went through. */
  readonly processed: number
  /** By slot: 1 for loads through a typed pointer of the kernel. */
  readonly probes: Uint8Array
}

/** Lets the verifier look at a program. @throws SkepError VM_VERIFIER */
export function verifyProgram(given: VerifyProgram): Verified {
  const { spec, type, object, image, logLevel } = given
  const { accepted, log, counts, facts } = verify(inputOf(given))
  if (!accepted) {
    const parts = refusalParts({ name: spec.name, type, object, image, log }, "skep's verifier", "invalid program")
    const { slot: _, source: __, ...said } = parts ?? { message: `skep's verifier refused program ${spec.name}`, log }
    throw new SkepError({ code: "VM_VERIFIER", ...(said as typeof said & { message: string }) })
  }
  const probes = Uint8Array.from({ length: image.slotCount }, (_, slot) => Number(facts.access[slot] === "btf"))
  return { log: logLevel === 0 ? "" : log, processed: counts.processed, probes }
}

function inputOf(given: VerifyProgram): VerifierInput {
  const { spec, type, object, image, types, version, logLevel } = given
  const loadable = loadableBtf(object)
  const btf = loadable && Btf.parse(loadable.bytes)
  const numbers = new Map(object.maps.map((map, i) => [map.name, i + 1]))
  const specs = new Map(object.maps.map(map => [map.name, map]))
  return {
    insns: isa.encodeInsns(withNumbers(image, numbers, types)),
    type,
    ...placeOf(spec, type, types),
    license: object.license,
    flags: (type === "syscall" || spec.sleepable ? BPF_F_SLEEPABLE : 0) | (spec.frags ? BPF_F_XDP_HAS_FRAGS : 0),
    maps: new Map(object.maps.map((map, i) => [i + 1, mapOf(map, specs, btf)])),
    btf,
    ...(btf && debugInfo(image, object)),
    kernelBtf: types,
    kernel: version,
    logLevel: Math.max(1, logLevel),
  }
}

/** The instructions with descriptors of maps, and with the ids that types of the kernel have. */
function withNumbers(image: Image, maps: ReadonlyMap<string, number>, types: Btf | undefined): isa.Insn[] {
  const insns = [...image.insns]
  for (const relocation of image.relocations) {
    const insn = insns[relocation.insn]
    switch (relocation.kind) {
      case "map":
        insns[relocation.insn] = { ...insn, src: isa.BPF_PSEUDO_MAP_FD, imm: maps.get(relocation.map) ?? 0, imm64: 0 }
        break
      case "mapValue": {
        const imm = maps.get(relocation.map) ?? 0
        insns[relocation.insn] = { ...insn, src: isa.BPF_PSEUDO_MAP_VALUE, imm, imm64: relocation.offset }
        break
      }
      case "kfunc": {
        const imm = types?.find(relocation.name, "func") ?? 0
        insns[relocation.insn] = { ...insn, src: isa.BPF_PSEUDO_KFUNC_CALL, imm, off: 0 }
        break
      }
      case "ksym": {
        const id = relocation.typed ? types?.find(relocation.name, "var", "func") : undefined
        if (id) insns[relocation.insn] = { ...insn, src: isa.BPF_PSEUDO_BTF_ID, imm: id, imm64: 0 }
      }
    }
  }
  return insns
}

/** What the program is loaded for. */
function placeOf(spec: ProgramSpec, type: ProgramType, types: Btf | undefined): Partial<VerifierInput> {
  const bound = spec.attach && boundTo(spec.attach.kind)
  if (bound !== undefined && types !== undefined) {
    const name = `${bound.prefix}${eventOf(spec.attach)}`
    return {
      attachType: bound.attachType as VerifierInput["attachType"],
      attachTo: { btf: types, type: types.find(name, bound.kind) },
    }
  }
  return { attachType: (spec.attachType ?? usualPlace(type)) as VerifierInput["attachType"] }
}

const eventOf = (attach: AttachSpec | undefined): string =>
  attach !== undefined && "event" in attach ? attach.event : ""

function mapOf(map: MapSpec, specs: ReadonlyMap<string, MapSpec>, btf: Btf | undefined): VerifierMap {
  const inner = map.innerSpec ?? (map.inner === undefined ? undefined : specs.get(map.inner))
  return {
    name: map.name,
    type: map.type,
    keySize: map.keySize,
    valueSize: map.valueSize,
    maxEntries: map.maxEntries,
    flags: map.frozen ? map.flags | BPF_F_RDONLY_PROG : map.flags,
    ...(map.frozen && { frozen: map.data ?? new Uint8Array(map.valueSize) }),
    btf,
    keyType: map.keyType,
    valueType: map.valueType,
    ...(inner && { inner: mapOf(inner, specs, btf) }),
    ...(map.type === "arena" && { extra: BigInt(map.mapExtra ?? 0) }),
  }
}

/** Types of functions, where all have one, and lines. */
function debugInfo(image: Image, object: BpfObject): Pick<VerifierInput, "funcInfo" | "lineInfo"> {
  const { functions } = image
  if (functions.some(({ spec }) => spec.btfId === 0)) return {}
  const lineInfo = functions.flatMap(({ spec, slot, slots }): BtfLineInfo[] => {
    const infos = spec.lineInfo.filter(({ insn, line }) => insn < slots.length && line < object.lines.length)
    const ordered = [...infos].sort((a, b) => a.insn - b.insn)
    const single = ordered.filter(({ insn }, i) => i === 0 || insn !== ordered[i - 1].insn)
    return single.map(({ insn, line, column }, i) => {
      const { file, text, line: number } = object.lines[line]
      return { insn: i === 0 ? slot : slots[insn], file, text, line: number, column }
    })
  })
  return { funcInfo: functions.map(({ spec, slot }) => ({ insn: slot, type: spec.btfId })), lineInfo }
}
