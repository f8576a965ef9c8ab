export { compileLibbpf, isLibbpfStyle, macrosLibbpf, preprocessLibbpf } from "./compile.ts"
export { isKnownHeader } from "./includes.ts"
