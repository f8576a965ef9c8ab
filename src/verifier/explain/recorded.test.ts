import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { golden } from "../../../tests/support/golden.ts"
import { explainRefusal } from "./explain.ts"
import { summarise } from "./log.ts"
import { splitLog } from "./report.ts"

/** Logs of the programs of ../refusals.test.ts, as a kernel wrote them: each below a line with the program's name. */
function recorded(version: string): void {
  const sections = readFileSync(`tests/golden/verifier/linux-${version}.log`, "utf8").split(/^## /m).slice(1)
  const lines = sections.map(section => {
    const [name] = section.split("\n", 1)
    const log = section.slice(name.length + 1)
    const { plain, report } = splitLog(log)
    const { reason } = summarise(plain)
    const type = name.startsWith("return value") ? "cgroup_skb" : "socket_filter"
    return {
      name,
      reason,
      explained: explainRefusal({
        log: plain,
        reason,
        type,
        report,
        placeOf: slot => `insn ${slot}`,
        mapAt: () => "counts",
      }),
    }
  })
  for (const { name, reason, explained } of lines) {
    test(`${version}: ${name}`, () => assert.ok(explained !== undefined, `not explained: ${reason}`))
  }
  test(`${version}: all of them read as they did`, () => {
    assert.ok(lines.length > 40)
    const text = lines.map(({ name, reason, explained }) => `${name}\n  ${explained?.what}\n  ${reason}\n`).join("\n")
    golden(`tests/golden/verifier/linux-${version}.txt`, text)
  })
}
recorded("6.1")
recorded("6.18")
