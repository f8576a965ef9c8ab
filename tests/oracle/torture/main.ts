import { needsRoot } from "../../support/kernel.ts"
import { clangNatively, clangOnBpf } from "./peers.ts"
import { type TortureTest, tortureTests } from "./suite.ts"
import { judge, type Verdict } from "./verdict.ts"

interface Judged {
  readonly test: TortureTest
  readonly verdict: Verdict
}

/**
 * gcc's torture tests, each compiled by skep and run in this machine's kernel at three levels of the instruction set:
 *
 *     npm run torture [-- WORD…]        only the tests whose name contains one of the words
 *
 * Prints how many pass, why the others are refused, and which of those clang's BPF target runs. Ends with 1 when a test gives a wrong result
 * that is not also clang's, or the compiler fails.
 */
export function main(words: string[]): number {
  const all = needsRoot ? undefined : tortureTests()
  if (all === undefined) {
    console.log(`torture: not run: ${needsRoot || "the package gcc-12-source cannot be had"}`)
    return 0
  }
  const tests = all.filter(t => t.utf8 && (words.length === 0 || words.some(word => t.name.includes(word))))
  const judged: Judged[] = []
  for (const test of tests) {
    const verdict = judge(test)
    judged.push({ test, verdict })
    if (words.length > 0 || verdict.kind === "wrong" || verdict.kind === "crash") {
      console.log(`${test.name}: ${verdict.kind} ${verdict.kind === "passed" ? "" : verdict.message}`)
    }
    if (judged.length % 200 === 0) console.log(`${judged.length} of ${tests.length}`)
  }
  return summary(judged)
}

function summary(judged: readonly Judged[]): number {
  const of = (kind: Verdict["kind"]) => judged.filter(j => j.verdict.kind === kind)
  reasons("refused by the compiler", of("refused"))
  reasons("refused by the kernel's verifier", of("verifier"))
  const wrong = of("wrong").filter(({ test }) => clangNatively(test.text) !== false)
  const gccOnly = of("wrong").length - wrong.length
  const peer = [...of("refused"), ...of("verifier")].filter(({ test }) => clangOnBpf(test.text) === "passes")
  console.log(`\nrun when clang compiles them, not when skep does: ${peer.length}`)
  for (const { test, verdict } of peer) console.log(`  ${test.name}: ${"message" in verdict ? verdict.message : ""}`)
  const counts = (["passed", "refused", "verifier", "crash"] as const).map(kind => `${of(kind).length} ${kind}`)
  console.log(
    `\ntorture: ${judged.length} tests: ${counts.join(", ")}, ${wrong.length} wrong, ${gccOnly} differ with clang too`,
  )
  return wrong.length + of("crash").length > 0 ? 1 : 0
}

/** How many tests fall to each reason, the most frequent first, with names. */
function reasons(title: string, judged: readonly Judged[]): void {
  const groups = new Map<string, string[]>()
  for (const { test, verdict } of judged) {
    const reason = "reason" in verdict ? verdict.reason : ""
    groups.set(reason, [...(groups.get(reason) ?? []), test.name])
  }
  console.log(`\n${title}: ${judged.length}`)
  for (const [reason, names] of [...groups].sort((a, b) => b[1].length - a[1].length)) {
    console.log(`  ${names.length} ${reason}: ${names.slice(0, 5).join(" ")}${names.length > 5 ? " …" : ""}`)
  }
}
