export { type Bundle, loadCompiled } from "./loadCompiled.ts"
