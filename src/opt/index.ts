export { hasEffect } from "./dce.ts"
export { inlineCalls } from "./inline.ts"
export { constantParams, unusedParams } from "./params.ts"
export { type OptimiseOptions, optimise, type Pass, passes, passNames } from "./passes.ts"
