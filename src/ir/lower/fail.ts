import { SkepError, type Span } from "../../base/index.ts"

/** Ends lowering with a diagnostic. Codes are listed in `lower.ts`. */
export function fail(code: string, message: string, span: Span, more: { why?: string; hint?: string } = {}): never {
  throw new SkepError({ code, message, span, ...more })
}
