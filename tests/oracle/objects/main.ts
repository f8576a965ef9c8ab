import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { parseArgs } from "node:util"
import { needsRoot } from "../../support/kernel.ts"
import { cacheFolder, clangObjects, selftestsFolder } from "../selftests/suite.ts"
import { embeddedObjects } from "./embedded.ts"
import { peerLoader, peerVerdicts } from "./libbpf.ts"
import { ObjectJudge } from "./ours.ts"
import { type ObjectResult, report } from "./report.ts"

/**
 * Loads objects that clang made with skep's loader and with libbpf, program by program and each as a whole, and compares what the kernel says:
 *
 *     npm run objects -- [--dir DIR] [--clang clang-19] [--objects DIR] [--programs DIR] [words]
 *
 * Words choose files by parts of their names. The objects are the kernel's selftests (`--dir` is `tools/testing/selftests/bpf` of a kernel's source;
 * without it Debian's is unpacked into a cache), built by clang once; those of a folder (`--objects`); or those inside of programs (`--programs`:
 * Debian's libbpf-tools, say). Nothing is attached.
 */
export async function main(args: readonly string[]): Promise<number> {
  const { values, positionals: only } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      dir: { type: "string" },
      clang: { type: "string", default: "clang-19" },
      objects: { type: "string" },
      programs: { type: "string" },
    },
  })
  const folder = join(cacheFolder(), "objects")
  const loader = needsRoot ? undefined : peerLoader(folder)
  if (loader === undefined) {
    console.log(`objects: not run: ${needsRoot || "gcc and libbpf-dev are not installed"}`)
    return 0
  }
  const from =
    values.programs !== undefined
      ? extracted(values.programs, join(folder, "embedded"))
      : (values.objects ?? clangObjects(values.dir ?? selftestsFolder(), values.clang, only))
  const names = readdirSync(from)
    .filter(name => name.endsWith(".o") && (only.length === 0 || only.some(word => name.includes(word))))
    .sort()
  const show = (text: string): boolean => process.stderr.write(`\r\x1b[K${text}`)
  const paths = names.map(name => join(from, name))
  const theirs = await peerVerdicts(loader, folder, paths, path => show(`libbpf ${basename(path)}`))
  const judge = new ObjectJudge()
  const results = paths.map((path): ObjectResult => {
    const name = basename(path, ".o")
    show(name)
    return { name, ours: judge.judge(path), theirs: theirs.get(path) ?? [] }
  })
  show("")
  process.stdout.write(report(results))
  return 0
}

/** A folder with the objects that are inside of a folder's programs. */
function extracted(programs: string, to: string): string {
  mkdirSync(to, { recursive: true })
  for (const name of readdirSync(programs)) {
    for (const [i, object] of embeddedObjects(readFileSync(join(programs, name))).entries()) {
      writeFileSync(join(to, `${name}${i === 0 ? "" : `-${i}`}.o`), object)
    }
  }
  return to
}
