import type { TestRunResult } from "../../machine/index.ts"

/** What a trial run gives. */
export type Ran = Omit<TestRunResult, "duration">

/** Bytes of a context that the caller may not set are zero. */
export function isZero(context: Uint8Array, from: number, to = context.length): boolean {
  return context.subarray(from, to).every(byte => byte === 0)
}

/** A context of the caller, with zeros behind it up to the size that it has; undefined where what is behind is not zero. */
export function sized(context: Uint8Array, size: number): Uint8Array | undefined {
  if (!isZero(context, size)) return undefined
  const whole = new Uint8Array(size)
  whole.set(context.subarray(0, size))
  return whole
}
