import assert from "node:assert/strict"
import { test } from "node:test"
import { type CpuLevel, generate } from "../../src/codegen/index.ts"
import { assertValid, lower } from "../../src/ir/index.ts"
import type { BpfObject } from "../../src/object/index.ts"
import { optimise } from "../../src/opt/index.ts"
import { kernel, needsRoot } from "./kernel.ts"
import { unitOf } from "./lowerC.ts"

/** Plain C as an object: every function that is not static is a program. */
export function objectOfC(
  text: string,
  cpu: CpuLevel = 3,
  type: "xdp" | "socket_filter" | "syscall" = "xdp",
): BpfObject {
  const unit = unitOf(text)
  const module = lower({ ...unit, programs: unit.programs.map(p => ({ ...p, type })) })
  for (const func of module.functions) assertValid(func, "lower", module)
  optimise(module, { check: true })
  return generate(module, { cpu, check: true })
}

/** The body of `int f(struct xdp_md *ctx)`, and what it returns when this machine's kernel runs it, at levels 1 (where it can be) and 3. */
export function returns(
  body: string,
  expected: number,
  parts: { before?: string; levels?: readonly CpuLevel[] } = {},
): void {
  const { before = "", levels = [1, 3, 4] } = parts
  for (const cpu of levels) {
    test(`level ${cpu}: ${before}${body}`, { skip: needsRoot }, () => {
      using loaded = kernel().load(objectOfC(`${before}\nint f(void *ctx) { ${body} }`, cpu))
      assert.equal(loaded.program("f").testRun({ data: new Uint8Array(64) }).retval | 0, expected)
    })
  }
}
