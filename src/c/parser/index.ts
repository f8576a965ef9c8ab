export { parse } from "./unit.ts"
