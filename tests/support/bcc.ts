import assert from "node:assert/strict"
import { test } from "node:test"
import { SkepError, SourceFile } from "../../src/base/index.ts"
import { compileBcc, emitC, type FrontEndOptions, type FrontEndResult } from "../../src/bcc/index.ts"
import { Diagnostics } from "../../src/c/index.ts"

/** A program of BCC's dialect, compiled without BTF unless `options` has one. */
export function compile(text: string, options: FrontEndOptions = {}, diagnostics?: Diagnostics): FrontEndResult {
  return compileBcc(new SourceFile("t.c", text), options, diagnostics)
}

const READ =
  /\(\{ ([^;{}]*?)_val; __builtin_memset\(&_val, 0, sizeof\(_val\)\); (bpf_probe_read\w*)\(&_val, sizeof\(_val\), \(void \*\)((?:(?!_val).)*?)\); _val; \}\)/

/** What `--emit=c` prints for the last function, in one line; a read of kernel memory is `READ(type, address)`. */
export function emitted(text: string, options: FrontEndOptions = {}): string {
  const result = compile(text, options)
  const { decls } = result.unit.unit
  const last = decls[decls.length - 1]
  const unit = { ...result.unit, unit: { ...result.unit.unit, decls: [last] }, maps: [] }
  let out = emitC({ unit, includes: [] })
    .replace(/^__attribute__\(\(section\("[^"]*"\)\)\)\s+/, "")
    .replace(/\s+/g, " ")
    .trim()
  for (let next = ""; ; out = next) {
    next = out.replace(READ, (_, type, helper, address) => {
      return `${helper === "bpf_probe_read" ? "READ" : helper}(${type.trim()}, ${address})`
    })
    if (next === out) return out
  }
}

/** One case: the program's last function, after declarations that go before it, is emitted as this. */
export function emits(text: string, expected: string, before = "", options: FrontEndOptions = {}): void {
  test(text, () => assert.equal(emitted(before + text, options), expected))
}

/** The first error of a program, and its hint. */
export function refusal(text: string, options: FrontEndOptions = {}): { code: string; message: string; hint?: string } {
  try {
    compile(text, options)
  } catch (error) {
    if (error instanceof SkepError) return { code: error.code, message: error.message, hint: error.hint }
    throw error
  }
  throw new assert.AssertionError({ message: `compiles: ${text}` })
}

/** One case: the program is refused with this message. */
export function refuses(text: string, message: string, before = "", options: FrontEndOptions = {}): void {
  test(text, () => assert.equal(refusal(before + text, options).message, message))
}

/** One case: the program compiles with exactly these warnings. */
export function warns(text: string, messages: readonly string[], before = "", options: FrontEndOptions = {}): void {
  test(text, () => {
    const diagnostics = new Diagnostics()
    compile(before + text, options, diagnostics)
    assert.deepEqual(
      diagnostics.list.map(d => d.message),
      messages,
    )
  })
}
