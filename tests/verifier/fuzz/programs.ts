import { encodeInsns } from "../../../src/isa/index.ts"
import { Random } from "../../support/random.ts"
import { compiledPrograms } from "./compiled.ts"
import { CONTEXTS, Generator } from "./generate.ts"
import { mutate } from "./mutate.ts"

/** A program to judge. Where it names a map, it holds its place in `FUZZ_MAPS`. */
export interface FuzzProgram {
  readonly type: string
  readonly insns: Uint8Array
}

/** The program of a seed, whatever was tried before: a random one, one with changes, or a compiled one with changes. */
export function programOf(seed: number): FuzzProgram {
  const random = new Random(seed)
  const kind = random.below(100)
  const first = kind < 70 ? generated(random) : random.pick(compiledPrograms())
  if (kind < 40) return first
  const other = random.chance(0.5) ? generated(random) : random.pick(compiledPrograms())
  return { type: first.type, insns: mutate(first.insns, other.insns, random) }
}

function generated(random: Random): FuzzProgram {
  const type = random.pick(Object.keys(CONTEXTS))
  return { type, insns: encodeInsns(new Generator(random, type).program()) }
}
