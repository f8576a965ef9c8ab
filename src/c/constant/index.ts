export * from "./address.ts"
export { arithmetic, evaluate, wrap, wrapTo } from "./evaluate.ts"
export { stringLength } from "./stringLength.ts"
