import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { parseArgs } from "node:util"
import { type BpfObject, readElf, writeElf } from "../../../src/object/index.ts"
import { Compiler, failure, selftestNames } from "./compile.ts"
import { Judge, slotsOf } from "./load.ts"
import { type FileResult, report } from "./report.ts"
import { clangObjects, selftestsFolder } from "./suite.ts"

/**
 * Compiles the kernel's own BPF selftests with skep and with clang, loads the programs of both and compares:
 *
 *     npm run selftests -- [--dir DIR] [--clang clang-19 | --no-clang] [--no-load] [--objects DIR] [--json FILE] [words]
 *
 * Words choose files by parts of their names. `--dir` is `tools/testing/selftests/bpf` of a kernel's source; without it Debian's is unpacked into a
 * cache. `--objects` keeps skep's object files, for other loaders.
 */
export function main(args: readonly string[]): number {
  const { values, positionals: only } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      dir: { type: "string" },
      clang: { type: "string", default: "clang-19" },
      "no-clang": { type: "boolean" },
      "no-load": { type: "boolean" },
      objects: { type: "string" },
      json: { type: "string" },
    },
  })
  const dir = values.dir ?? selftestsFolder()
  const clang = values["no-clang"] ? undefined : clangObjects(dir, values.clang, only)
  const compiler = new Compiler(dir)
  const judge = values["no-load"] ? undefined : new Judge()
  const results: FileResult[] = []
  // A run that is stopped leaves what it has found.
  const save = () => values.json !== undefined && writeFileSync(values.json, JSON.stringify(results))
  for (const name of selftestNames(dir, only)) {
    process.stderr.write(`\r\x1b[K${name}`)
    const { object, ...compiled } = compiler.compile(name)
    if (object !== undefined && values.objects !== undefined) {
      try {
        writeFileSync(join(values.objects, `${name}.o`), writeElf(object))
      } catch (error) {
        process.stderr.write(`\r\x1b[K${name}.o: ${failure(error).message}\n`)
      }
    }
    const other = clang === undefined ? undefined : readObject(join(clang, `${name}.o`))
    results.push({
      ...compiled,
      ...(object && { slots: slotsOf(object), verdicts: judge?.judge(object) }),
      ...(other && { clangSlots: slotsOf(other), clangVerdicts: judge?.judge(other) }),
    })
    if (results.length % 20 === 0) save()
  }
  process.stderr.write("\r\x1b[K")
  process.stdout.write(report(results))
  save()
  return 0
}

/** Undefined where clang made none, or where it defines what no loader takes (`test_pinning_invalid`). */
function readObject(path: string): BpfObject | undefined {
  if (!existsSync(path)) return undefined
  try {
    return readElf(readFileSync(path), basename(path))
  } catch (error) {
    process.stderr.write(`\r\x1b[K${path}: ${failure(error).message}\n`)
    return undefined
  }
}
