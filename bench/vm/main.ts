import { main } from "./bench.ts"

process.exitCode = main(process.argv.slice(2))
