import * as isa from "../../../src/isa/index.ts"

const SLOT = 8

/** A program's slots with jumps and calls as they have to be once `removed` slots at a place are replaced by `inserted` ones. */
export function moveJumps(bytes: Uint8Array, at: number, removed: number, inserted: number): Uint8Array {
  const copy = bytes.slice()
  const view = new DataView(copy.buffer)
  const placeAfter = (slot: number): number => {
    if (slot < at || (slot === at && removed === 0)) return slot
    return slot < at + removed ? at : slot + inserted - removed
  }
  for (let slot = 0; SLOT * slot < copy.length; slot += copy[SLOT * slot] === isa.OP_LDDW ? 2 : 1) {
    const target = targetOf(view, slot)
    if (target === undefined) continue
    const own = slot < at ? slot : slot + inserted - removed
    setTarget(view, slot, placeAfter(target) - own - 1)
  }
  return copy
}

function targetOf(view: DataView, slot: number): number | undefined {
  const op = view.getUint8(SLOT * slot)
  const group = op & isa.BPF_CLASS_MASK
  if (op === isa.OP_CALL) {
    const isSubprogram = view.getUint8(SLOT * slot + 1) >> 4 === isa.BPF_PSEUDO_CALL
    return isSubprogram ? slot + 1 + view.getInt32(SLOT * slot + 4, true) : undefined
  }
  if (group !== isa.BPF_JMP && group !== isa.BPF_JMP32) return undefined
  if ((op & isa.BPF_OP_MASK) === isa.BPF_EXIT) return undefined
  // `gotol` has its distance in the immediate.
  if (op === isa.OP_JA32) return slot + 1 + view.getInt32(SLOT * slot + 4, true)
  return slot + 1 + view.getInt16(SLOT * slot + 2, true)
}

function setTarget(view: DataView, slot: number, distance: number): void {
  const op = view.getUint8(SLOT * slot)
  if (op === isa.OP_CALL || op === isa.OP_JA32) view.setInt32(SLOT * slot + 4, distance, true)
  else view.setInt16(SLOT * slot + 2, distance, true)
}
