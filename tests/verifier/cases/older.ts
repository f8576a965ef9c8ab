import { spawnSync } from "node:child_process"
import { type Compared, compareWith, type Theirs, theirVerdict } from "../compare.ts"
import { runCases } from "./run.ts"

type Show = (name: string) => void

const MARK = "verdicts: "
/** Characters of a log's end that say why. */
const LOG = 600
const NONE = new Uint8Array(0)

/** What the running kernel says of the cases, in their order, as a line of JSON: for {@link runOlder}, which boots that kernel. */
export function verdictsOfCases(selftests: string, words: readonly string[], show: Show): string {
  const verdicts: Theirs[] = []
  runCases(selftests, words, show, (name, watched) => {
    const { accepted, told } = theirVerdict(watched)
    const theirs = { accepted, told: told.slice(-LOG) }
    verdicts.push(theirs)
    return compareWith(name, { ...watched.input, insns: NONE }, theirs)
  })
  return MARK + JSON.stringify(verdicts)
}

/** The cases, judged by a booted older kernel, next to our verifier with that kernel's rules. */
export function runOlder(kernel: string, selftests: string, words: readonly string[], show: Show): Compared[] {
  const verdicts = inGuest(kernel, selftests, words)
  const [major, minor] = kernel.split(".").map(Number)
  let next = 0
  return runCases(selftests, words, show, (name, { input }) =>
    compareWith(name, { ...input, kernel: { major, minor } }, verdicts[next++]),
  )
}

function inGuest(kernel: string, selftests: string, words: readonly string[]): Theirs[] {
  const args = JSON.stringify(["verdicts", "--dir", selftests, ...words])
  const script = `import { main } from "./build/sweep/verifier/main.mjs"; process.exitCode = await main(${args})`
  const command = ["scripts/guest.mjs", "--kernel", kernel, "--", "node", "--input-type=module", "-e", script]
  const { stdout, stderr } = spawnSync("node", command, { encoding: "utf8", maxBuffer: 1 << 28 })
  const line = stdout.split(/\r?\n/).find(text => text.startsWith(MARK))
  if (line === undefined) throw new Error(`the guest gave no verdicts: ${stderr.slice(-2000)}${stdout.slice(-2000)}`)
  return JSON.parse(line.slice(MARK.length)) as Theirs[]
}
