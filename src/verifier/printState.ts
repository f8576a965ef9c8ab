import { ADD_CONST, Flag, isPacket, Kind, NOT_INIT, type Reg, typeName } from "./reg.ts"
import { printRanges as formatRanges, isConstant, printSigned, printUnsigned } from "./scalar/index.ts"
import { Byte, byteOf, type Frame, type Reference, type Slot } from "./state.ts"

/** A signed 64-bit number in the log: in decimal when it is small. */
export const formatSigned = (value: bigint): string => printSigned(BigInt.asIntN(64, value))

/** A register as the log writes it, seen from a frame. */
export function formatReg(reg: Reg, frame: number): string {
  const { kind, flags, off, scalar } = reg
  const fixed = isConstant(scalar)
  if (kind === Kind.scalar && fixed) return `${reg.precise ? "P" : ""}${formatSigned(scalar.bits.value)}`
  let text = `${kind === Kind.scalar && reg.precise ? "P" : ""}${typeName(kind, flags)}`
  if (kind === Kind.arena) return text
  if (kind === Kind.stack) {
    if (reg.aux !== frame) text += `[${reg.aux}]`
    if (fixed) return text + formatSigned(scalar.bits.value + BigInt(off))
  }
  if (kind === Kind.btf) text += reg.btf.name(reg.aux)
  const parts: string[] = []
  if (reg.id !== 0) {
    const above = reg.id & ADD_CONST ? `${off < 0 ? "" : "+"}${off}` : ""
    parts.push(`id=${reg.id & ~ADD_CONST}${above}`)
  }
  if (reg.refId !== 0) parts.push(`ref_obj_id=${reg.refId}`)
  if (flags & Flag.nonOwning && flags & Flag.alloc) parts.push("non_own_ref")
  if (kind === Kind.mapPtr || kind === Kind.mapKey || kind === Kind.mapValue) {
    if (reg.map.name !== "") parts.push(`map=${reg.map.name.slice(0, 15)}`)
    parts.push(`ks=${reg.map.keySize},vs=${reg.map.valueSize}`)
  }
  if (kind !== Kind.scalar && off !== 0) parts.push(`off=${printSigned(BigInt(off))}`)
  if (isPacket(kind)) parts.push(`r=${printUnsigned(BigInt.asUintN(64, BigInt(reg.aux)))}`)
  if (kind === Kind.mem) parts.push(`sz=${reg.aux}`)
  if (kind === Kind.dynptr) parts.push(`type=${reg.object?.type}`)
  if (fixed) {
    if (scalar.bits.value !== 0n) parts.push(`imm=${formatSigned(scalar.bits.value)}`)
  } else {
    const ranges = formatRanges(scalar)
    if (ranges !== "") parts.push(ranges)
  }
  return `${text}(${parts.join(",")})`
}

const LETTERS = "?rm0dif"

function formatSlot(slot: Slot, index: number, frame: number): string {
  let letters = ""
  for (let i = 0; i < 8; i++) letters += LETTERS[byteOf(slot.types, i)]
  const place = ` fp${-8 * (index + 1)}=`
  const { reg } = slot
  switch (byteOf(slot.types, 7)) {
    case Byte.spill:
      return place + letters.slice(0, letters.indexOf("r")) + formatReg(reg, frame)
    case Byte.dynptr: {
      const parts: string[] = []
      if (reg.id !== 0) parts.push(`id=${reg.id}`)
      if (reg.refId !== 0) parts.push(`ref_id=${reg.refId}`)
      if (reg.mapUid !== 0) parts.push(`dynptr_id=${reg.mapUid}`)
      return `${place}dynptr_${reg.object?.type}(${parts.join(",")})`
    }
    case Byte.iter: {
      const { type = "", active, depth } = reg.object ?? {}
      if (reg.refId === 0) return ""
      return `${place}iter_${type}(ref_id=${reg.refId},state=${active ? "active" : "drained"},depth=${depth})`
    }
    default:
      return place + letters
  }
}

/** What is printed of a frame: registers by a mask, slots by a test. */
export interface Shown {
  readonly regs: number
  readonly slot: (index: number) => boolean
}

const ALL: Shown = { regs: 0x7ff, slot: () => true }

/** A frame's registers and stack in one line, a space in front of each. */
export function formatFrame(references: readonly Reference[], frame: Frame, shown: Shown = ALL): string {
  let text = frame.number === 0 ? "" : ` frame${frame.number}:`
  for (let i = 0; i < frame.regs.length; i++) {
    const reg = frame.regs[i]
    if (reg !== NOT_INIT && reg.kind !== Kind.notInit && shown.regs & (1 << i)) {
      text += ` R${i}=${formatReg(reg, frame.number)}`
    }
  }
  for (let i = 0; i < frame.stack.length; i++) {
    if (!shown.slot(i) || frame.stack[i].types === 0) continue
    // A dynptr takes two slots, of which the lower one tells what it is.
    if (byteOf(frame.stack[i].types, 7) === Byte.dynptr) i++
    if (i < frame.stack.length) text += formatSlot(frame.stack[i], i, frame.number)
  }
  const held = references.map(r => r.id).filter(id => id !== 0)
  if (held.length > 0 && references[0].id !== 0) text += ` refs=${held.join(",")}`
  if (frame.callback) text += frame.callback.async ? " async_cb" : " cb"
  return text
}
