export { compileLibbpf, isLibbpfStyle, libbpfFrontEnd } from "./compile.ts"
export { isKnownHeader } from "./includes.ts"
