// Compiles a file in this process: first cold, then again and again. Times are in milliseconds, memory in MB.
import { readFileSync } from "node:fs"
import { cpuOfVersion, runningTarget } from "../src/bpf/index.ts"
import { compile } from "../src/compiler/index.ts"

const file = process.argv[2]
const times: number[] = []
let slots = 0
for (let run = 0; run < 40; run++) {
  const start = performance.now()
  const { object } = compile({
    name: file,
    text: readFileSync(file, "utf8"),
    target: runningTarget(),
    cpu: cpuOfVersion(),
  })
  times.push(performance.now() - start)
  slots = object.programs[0].insns.reduce((sum, insn) => sum + (insn.op === 0x18 ? 2 : 1), 0)
}
const warm = times.slice(20).sort((a, b) => a - b)
const result = { cold: times[0], warm: warm[warm.length >> 1], slots, rss: process.resourceUsage().maxRSS / 1024 }
process.stdout.write(`${JSON.stringify(result)}\n`)
