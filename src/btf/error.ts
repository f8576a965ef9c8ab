import { SkepError } from "../base/index.ts"

/** An error about a BTF section that is cut short or contradicts itself. */
export function badBtf(code: string, message: string, why?: string): SkepError {
  return new SkepError({
    code,
    message,
    why,
    hint: "the BTF is damaged or of a newer format: read it again from /sys/kernel/btf or from the object file",
  })
}
