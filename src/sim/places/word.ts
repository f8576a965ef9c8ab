import { KernelObject, UserPointer } from "../memory/object.ts"

/** An argument or a result of a simulated function. */
export type Word = number | bigint | boolean | KernelObject | UserPointer | undefined

/** What a register holds of it. */
export function wordOf(word: Word): bigint {
  if (word === undefined) return 0n
  if (word instanceof KernelObject || word instanceof UserPointer) return word.address
  return BigInt.asUintN(64, BigInt(word))
}
