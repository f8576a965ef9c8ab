import { writeFileSync } from "node:fs"
import { parseArgs } from "node:util"
import { writeElf } from "../../src/object/index.ts"
import { Compiler, failure, selftestNames } from "./compile.ts"

export function main(args: readonly string[]): number {
  const { values } = parseArgs({
    args: [...args],
    options: {
      dir: { type: "string" },
      only: { type: "string", multiple: true },
      json: { type: "string" },
      objects: { type: "string" },
    },
  })
  if (values.dir === undefined) throw new Error("--dir DIR is missing")
  const compiler = new Compiler(values.dir)
  const results = selftestNames(values.dir, values.only).map(name => {
    const started = performance.now()
    process.stderr.write(`${name} `)
    const r = compiler.compile(name)
    process.stderr.write(`${Math.round(performance.now() - started)}\n`)
    return r
  })
  if (values.objects !== undefined) {
    for (const { name, object } of results) {
      try {
        if (object !== undefined) writeFileSync(`${values.objects}/${name}.o`, writeElf(object))
      } catch (error) {
        process.stdout.write(`ELF ${name}: ${failure(error).message.split("\n")[0]}\n`)
      }
    }
  }
  const failed = results.filter(r => r.failed !== undefined)
  const groups = new Map<string, string[]>()
  for (const { name, failed: why } of failed) {
    const key = `${why?.code} ${why?.message.replace(/^\S+:\d+: /, "").slice(0, 300)}`
    groups.set(key, [...(groups.get(key) ?? []), `${name} (${why?.message.split(": ")[0]})`])
  }
  for (const [key, names] of [...groups].sort((a, b) => b[1].length - a[1].length)) {
    process.stdout.write(`${names.length} × ${key}\n      ${names.slice(0, 4).join(" ")}\n`)
  }
  process.stdout.write(`compiled ${results.length - failed.length} of ${results.length}\n`)
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(results.map(({ object: _, ...r }) => r)))
  return 0
}
