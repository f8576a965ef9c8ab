import { doctor } from "../kernel/index.ts"
import { command, FAILURE, SUCCESS } from "./command.ts"
import { styled } from "./style.ts"

export const doctorCommand = command({
  usage: "",
  about:
    "Says what this kernel and this user can do with BPF, and what to do where something is missing. Ends with 1 when no program can be loaded.",
  positionals: [0, 0],
  options: { json: { about: "as JSON" } },
  run(values) {
    const findings = doctor()
    const able = findings.some(({ what, ok }) => what === "bpf(2)" && ok)
    if (values.json) {
      process.stdout.write(`${JSON.stringify(findings, null, 2)}\n`)
      return able ? SUCCESS : FAILURE
    }
    const width = Math.max(...findings.map(({ what }) => what.length))
    for (const { what, ok, detail, remedy } of findings) {
      const sign = ok ? styled("✔", "32") : styled("✖", "31")
      process.stdout.write(`${sign} ${what.padEnd(width)}  ${detail}\n`)
      if (remedy) process.stdout.write(`  ${" ".repeat(width)}  → ${remedy}\n`)
    }
    return able ? SUCCESS : FAILURE
  },
})
