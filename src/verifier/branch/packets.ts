import * as o from "../../isa/index.ts"
import { isPacket, Kind, type Reg } from "../reg.ts"
import { isConstant } from "../scalar/index.ts"
import { changeRegs, type State } from "../state.ts"
import { flipped } from "./condition.ts"

/** Ranges of a packet pointer that is at the packet's end, or behind it. */
export const AT_END = -1
export const BEYOND_END = -2

/** Longest packet (`MAX_PACKET_OFF`). */
const MAX_PACKET = 0xffff

/** Whether a comparison of a packet pointer with the packet's end is decided, by one before it. */
export function isPacketTaken(condition: number, left: Reg, right: Reg): boolean | undefined {
  const [pointer, way] =
    right.kind === Kind.packetEnd
      ? [left, condition]
      : left.kind === Kind.packetEnd
        ? [right, flipped(condition)]
        : [undefined, 0]
  if (pointer === undefined || pointer.aux >= 0) return undefined
  switch (way) {
    case o.BPF_JLE:
    case o.BPF_JGT:
      return pointer.aux === BEYOND_END ? way === o.BPF_JGT : undefined
    case o.BPF_JLT:
    case o.BPF_JGE:
      return way === o.BPF_JGE
    default:
      return undefined
  }
}

interface Comparison {
  readonly condition: number
  readonly dst: number
  readonly src: number
  readonly left: Reg
  readonly right: Reg
  readonly here: State
  readonly other: State
}

/** A packet pointer at the start of the packet. */
const isStart = (reg: Reg): boolean =>
  reg.kind === Kind.packet && reg.off === 0 && isConstant(reg.scalar) && reg.scalar.bits.value === 0n

/** Whether `data` is compared with what ends it: a packet with its end, metadata with the packet. */
const isCompared = (data: Reg, end: Reg): boolean =>
  (data.kind === Kind.packet && end.kind === Kind.packetEnd) || (data.kind === Kind.packetMeta && isStart(end))

/** A comparison of a packet pointer with the packet's end tells how much there is. False where it is none. */
export function comparePacket({ condition, dst, src, left, right, here, other }: Comparison): boolean {
  const onLeft = isCompared(left, right)
  if (!onLeft && !isCompared(right, left)) return false
  const [pointer, register, way] = onLeft ? [left, dst, condition] : [right, src, flipped(condition)]
  switch (way) {
    case o.BPF_JGT:
      found(here, pointer, false)
      atEnd(other, register, BEYOND_END)
      return true
    case o.BPF_JLT:
      found(other, pointer, true)
      atEnd(here, register, AT_END)
      return true
    case o.BPF_JGE:
      found(here, pointer, true)
      atEnd(other, register, AT_END)
      return true
    case o.BPF_JLE:
      found(other, pointer, false)
      atEnd(here, register, BEYOND_END)
      return true
    default:
      return false
  }
}

/** The bytes before a pointer are there; with `open`, the one that it points to, too. */
function found(state: State, pointer: Reg, open: boolean): void {
  const { off, scalar, kind, id } = pointer
  if (off < 0 || (off === 0 && open)) return
  if (scalar.umax > BigInt(MAX_PACKET) || scalar.umax + BigInt(off) > BigInt(MAX_PACKET)) return
  const range = open ? off + 1 : off
  changeRegs(state, reg =>
    isPacket(reg.kind) && reg.kind === kind && reg.id === id && reg.aux < range ? reg.with({ aux: range }) : reg,
  )
}

function atEnd(state: State, register: number, range: number): void {
  const { regs } = state.current
  if (regs[register].kind === Kind.packet) regs[register] = regs[register].with({ aux: range })
}
