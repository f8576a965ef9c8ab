import type { FrameSlot } from "../mir/mir.ts"
import type { SlotUse } from "./sharing.ts"

const roundUp = (n: number, align: number) => (n + align - 1) & -align

/** Slots of one kind, size and alignment share where they can. */
export function placeAlike(slots: readonly FrameSlot[], use: SlotUse | undefined): number {
  const places = new Map<string, number[]>()
  const offsets = new Map<number, number>()
  let depth = 0
  for (const slot of slots) {
    const key = `${slot.kind} ${slot.size} ${slot.align}`
    let alike = places.get(key)
    if (alike === undefined) places.set(key, (alike = []))
    const taken = new Set<number | undefined>()
    for (const other of use?.near[slot.index] ?? []) taken.add(offsets.get(other))
    const free = slot.escapes ? undefined : alike.find(offset => !taken.has(offset))
    if (free === undefined) {
      depth = roundUp(depth + slot.size, slot.align)
      if (!slot.escapes) alike.push(-depth)
    }
    slot.offset = free ?? -depth
    offsets.set(slot.index, slot.offset)
  }
  return depth
}

/** The bytes between r10 and a slot: it takes the depths from there to `-offset`. */
const top = (slot: FrameSlot) => -slot.offset - slot.size

/** Biggest first, each at the first place where nothing in use at the same time lies. */
export function placeShared(slots: readonly FrameSlot[], { near }: SlotUse): number {
  const conflict = (a: FrameSlot, b: FrameSlot) => a.escapes || b.escapes || near[a.index].has(b.index)
  const placed: FrameSlot[] = []
  let size = 0
  for (const slot of [...slots].sort((a, b) => b.size - a.size || a.index - b.index)) {
    // Those that begin least deep come first; as they may overlap one another, the deepest end says nothing of where the next one begins.
    const others = placed.filter(p => conflict(slot, p)).sort((a, b) => top(a) - top(b))
    let depth = roundUp(slot.size, slot.align)
    for (const other of others) {
      if (depth <= top(other)) break
      if (depth - slot.size < -other.offset) depth = roundUp(-other.offset + slot.size, slot.align)
    }
    slot.offset = -depth
    placed.push(slot)
    size = Math.max(size, depth)
  }
  return size
}
