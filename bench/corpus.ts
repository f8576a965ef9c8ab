// BCC's own programs as npm run compat captures them: compiled over and over in this process, and every tenth in a process of its own.
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { cpuOfVersion, parseFlags, runningTarget } from "../src/bpf/index.ts"
import { compile } from "../src/compiler/index.ts"

const corpus = join(process.argv[2], "programs")
const target = runningTarget()
const read = (id: string, name: string): string =>
  existsSync(join(corpus, id, name)) ? readFileSync(join(corpus, id, name), "utf8") : ""

interface Program {
  readonly text: string
  readonly flags: readonly string[]
}

function compiles({ text, flags }: Program): boolean {
  try {
    compile({ name: "prog.c", text, target, cpu: cpuOfVersion(), flags: parseFlags([...flags]).macros })
    return true
  } catch {
    return false
  }
}

const programs = readdirSync(corpus)
  .filter(id => existsSync(join(corpus, id, "prog.c")))
  .map(id => ({
    text: read(id, "usdt.h") + read(id, "prog.c"),
    flags: (JSON.parse(read(id, "meta.json")).cflags as string[]).filter(flag => /^-[DU]/.test(flag)),
  }))
  .filter(compiles)

let warm = 0
for (let round = 0; round < 3; round++) {
  const start = performance.now()
  for (const program of programs) compiles(program)
  warm = Math.max(warm, (1000 * programs.length) / (performance.now() - start))
}

const folder = mkdtempSync(join(tmpdir(), "skep-bench-"))
const file = join(folder, "prog.c")
const hook = join(folder, "hook.cjs")
const tell = 'require("fs").writeSync(2, "\\n" + process.resourceUsage().maxRSS / 1024)'
writeFileSync(hook, `process.on("exit", () => ${tell})`)
const runs = programs
  .filter((_, i) => i % 10 === 0)
  .map(({ text, flags }) => {
    writeFileSync(file, text)
    const args = ["-r", hook, "dist/skep.js", "compile", ...flags, "-o", `${file}.o`, file]
    const start = performance.now()
    const { stderr } = spawnSync(process.execPath, args, { encoding: "utf8" })
    return { ms: performance.now() - start, rss: Number(stderr.split("\n").at(-1)) }
  })
rmSync(folder, { recursive: true, force: true })

const median = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]
const [fresh, rss] = [median(runs.map(run => run.ms)), median(runs.map(run => run.rss))]
process.stdout.write(`${JSON.stringify({ programs: programs.length, warm, fresh, rss })}\n`)
