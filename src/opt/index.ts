export { hasEffect } from "./dce.ts"
export { inlineCalls } from "./inline.ts"
export { type OptimiseOptions, optimise, type Pass, passes, passNames } from "./passes.ts"
