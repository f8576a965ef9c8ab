export * from "./address.ts"
export { arithmetic, evaluate, wrap, wrapTo } from "./evaluate.ts"
export { knownString, stringLength } from "./knownString.ts"
