export { compileLibbpf, isLibbpfStyle, macrosLibbpf, preprocessLibbpf } from "./compile.ts"
