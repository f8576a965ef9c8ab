/**
 * Small C functions whose results are known: a native compiler gives them. Each is the body of `u64 f(u64 a, u64 b, u64 c)` and is defined for
 * all arguments. `before` is what stands in front of the function.
 */
export interface OracleFunction {
  readonly body: string
  readonly before: string
}

/** A function, and what stands before it. */
export const fn = (body: string, before = ""): OracleFunction => ({ body, before })
