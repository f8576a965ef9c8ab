import type { Random } from "../../support/random.ts"

const SLOT = 8

/** Changes a field of a slot: one bit, another small number, or the field of another slot. */
function changeField(bytes: Uint8Array, random: Random): void {
  const at = SLOT * random.below(bytes.length / SLOT)
  const field = random.pick([0, 1, 1, 2, 4, 4])
  switch (random.below(4)) {
    case 0:
      bytes[at + field] ^= 1 << random.below(8)
      break
    case 1:
      bytes[at + field] = random.below(16)
      break
    case 2:
      bytes[at + field] = bytes[SLOT * random.below(bytes.length / SLOT) + field]
      break
    default:
      bytes.fill(random.pick([0, 255]), at + field, at + field + (field < 2 ? 1 : field))
  }
}

function exchange(bytes: Uint8Array, random: Random): void {
  const a = SLOT * random.below(bytes.length / SLOT)
  const b = SLOT * random.below(bytes.length / SLOT)
  const first = bytes.slice(a, a + SLOT)
  bytes.copyWithin(a, b, b + SLOT)
  bytes.set(first, b)
}

/** A program with one to three small changes. Length and jumps stay as they are. */
export function mutate(program: Uint8Array, random: Random): Uint8Array {
  const bytes = program.slice()
  for (let i = 1 + random.below(3); i > 0; i--) {
    if (random.chance(0.85)) changeField(bytes, random)
    else exchange(bytes, random)
  }
  return bytes
}
