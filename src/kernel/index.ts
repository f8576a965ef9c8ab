export { type Sys, setSys } from "./raw/index.ts"
