import assert from "node:assert/strict"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { test } from "node:test"
import * as fc from "fast-check"
import { SkepError } from "../base/index.ts"
import { Btf } from "../btf/index.ts"
import { compile } from "./index.ts"

const texts = readdirSync("examples")
  .filter(name => name.endsWith(".c"))
  .map(name => readFileSync(`examples/${name}`, "utf8"))

const tokens = texts.flatMap(text => text.match(/\w+|"[^"]*"|\s+|[^\w\s]/g) ?? [])

const vmlinux = "/sys/kernel/btf/vmlinux"
/** The kernel's types where there are any: more programs get past the type checker with them. */
const btf = existsSync(vmlinux) ? Btf.parse(readFileSync(vmlinux)) : undefined

/** A program of the examples in which some tokens were left out, doubled, or replaced by others. */
const damaged = fc
  .tuple(
    fc.constantFrom(...texts),
    fc.array(fc.tuple(fc.nat(), fc.constantFrom("drop", "double", "replace"), fc.constantFrom(...tokens)), {
      minLength: 1,
      maxLength: 4,
    }),
  )
  .map(([text, edits]) => {
    const parts: string[] = text.match(/\w+|"[^"]*"|\s+|[^\w\s]/g) ?? []
    for (const [at, how, token] of edits) {
      const i = at % parts.length
      parts[i] = how === "drop" ? "" : how === "double" ? parts[i] + parts[i] : token
    }
    return parts.join("")
  })

test("damaged programs compile, or are errors with a code and a message of one line", () => {
  fc.assert(
    fc.property(damaged, text => {
      try {
        compile({
          name: "damaged.c",
          text,
          target: { arch: "x86_64", kernelVersion: (6 << 16) | (1 << 8), cpus: 1, pageSize: 4096, btf },
          cpu: 3,
        })
      } catch (error) {
        assert.ok(error instanceof SkepError, `${(error as Error).stack}\n${text}`)
        assert.match(error.code, /^[A-Z]+_[A-Z0-9_]+$/)
        assert.ok(!error.message.includes("\n"), error.message)
      }
    }),
    { numRuns: 150 },
  )
})
