import { formatPlace, type Note, SkepError } from "../../base/index.ts"
import * as o from "../../isa/index.ts"
import type { FrameSlot, MFunction } from "../mir/mir.ts"
import type { Mentions } from "./mentions.ts"
import { placeAlike, placeShared } from "./place.ts"
import { slotUse } from "./sharing.ts"

/**
 * Gives each slot of the frame its place below r10. Those of one size that are never in use at the same time have one place: code at the ends
 * of different ways is then the same code. When that does not fit, or when the frame is one of a chain of calls that shares 512 bytes, slots of
 * all sizes share.
 * Errors: CODEGEN_STACK with the biggest locals.
 */
export function layoutFrame(fn: MFunction, mentions: Mentions, frugal: boolean): void {
  const used = new Set<FrameSlot>()
  for (const { insts } of fn.blocks) for (const i of insts) if (i.slot !== undefined) used.add(i.slot)
  const slots = fn.slots.filter(s => used.has(s)).sort((a, b) => b.align - a.align || a.index - b.index)
  const use = slots.length > 1 ? slotUse(fn, mentions, o.MAX_BPF_STACK) : undefined
  let size = use !== undefined && use.most > o.MAX_BPF_STACK ? use.most : placeAlike(slots, use)
  if (use !== undefined && (frugal || size > o.MAX_BPF_STACK) && use.most <= o.MAX_BPF_STACK)
    size = placeShared(slots, use)
  fn.stackSize = size
  if (size > o.MAX_BPF_STACK) throw tooBig(fn, slots, size)
}

function tooBig(fn: MFunction, slots: readonly FrameSlot[], size: number): SkepError {
  const locals = slots.filter(s => s.kind === "local").sort((a, b) => b.size - a.size || a.index - b.index)
  const spilled = slots.filter(s => s.kind === "spill").length * 8
  const biggest = locals.slice(0, 5)
  const notes: Note[] = biggest.map(({ name, size, span }) => ({
    message: `${name === "" ? "a temporary" : name} takes ${size} bytes`,
    ...(span && { span }),
  }))
  if (spilled > 0) notes.push({ message: `values that found no register take ${spilled} bytes` })
  const names = biggest.slice(0, 3).map(s => {
    const place = s.span === undefined ? "" : ` at ${formatPlace(s.span)}`
    return `${s.name === "" ? "a temporary" : s.name} (${s.size} bytes${place})`
  })
  return new SkepError({
    code: "CODEGEN_STACK",
    message: `${fn.name} needs ${size} bytes of stack, the limit is ${o.MAX_BPF_STACK}${names.length > 0 ? `: the biggest are ${names.join(", ")}` : ""}`,
    span: biggest[0]?.span ?? fn.ir.span,
    why: "Every BPF function has 512 bytes of stack for its locals and temporaries.",
    hint: "Keep big data in a map: declare a per-CPU array of one element (BPF_PERCPU_ARRAY) and use the value that a lookup of key 0 gives.",
    notes,
  })
}
