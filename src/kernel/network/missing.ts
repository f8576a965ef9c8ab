import { SkepError } from "../../base/index.ts"

/** `KERNEL_NO_ATTACH`: this kernel has no such place for programs; `instead` says what it has. */
export function noAttach(what: string, feature: string, minKernel: string, instead: string, errno?: number): SkepError {
  return new SkepError({
    code: "KERNEL_NO_ATTACH",
    message: `${what}: this kernel has no ${feature}`,
    why: `it came with Linux ${minKernel}, and may be left out when a kernel is built`,
    hint: instead,
    missing: { feature, minKernel },
    errno,
  })
}
