/** What simulated code waits for: nanoseconds in which it runs, another's wake-up, or other code that it calls. */
export type Step = number | Block | Steps<unknown>

/** Simulated code: a generator that yields where time goes by. */
export type Steps<T> = Generator<Step, T, unknown>

/** The task waits until somebody wakes it up. */
export interface Block {
  /** What tells it from other code. */
  readonly waits: true
}
/** The one of its kind. */
export const BLOCK: Block = { waits: true }

/** Whether a value is simulated code. */
export function isSteps(value: unknown): value is Steps<unknown> {
  return typeof value === "object" && value !== null && "next" in value && "throw" in value
}
