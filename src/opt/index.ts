export { hasEffect } from "./dce.ts"
export { type OptimiseOptions, optimise, type Pass, passes, passNames } from "./passes.ts"
