import assert from "node:assert/strict"
import { test } from "node:test"
import { checkFunction, type IrFunction, parseFunction, printFunction } from "../../src/ir/index.ts"
import type { Pass } from "../../src/opt/index.ts"

/**
 * A test of passes on a body of `@f(i32 %a, i64 %b, ptr %p) -> i32`, named by the body. Instructions stand on one line, between semicolons;
 * without labels they are one block.
 */
export function becomes(passes: readonly Pass[], before: string, after: string): void {
  test(before, () => {
    const func = parse(before)
    for (const pass of passes) pass.run(func)
    assert.deepEqual(checkFunction(func), [])
    assert.equal(plain(func), plain(parse(after)))
  })
}

function parse(body: string): IrFunction {
  const labelled = body.startsWith("b0:") ? body : `b0: ${body}`
  return parseFunction(`func @f(i32 %a, i64 %b, ptr %p) -> i32 {\n${labelled.replaceAll("; ", "\n")}\n}`)
}

/** The text with values and blocks numbered in order of appearance. */
function plain(func: IrFunction): string {
  const names = new Map<string, string>()
  return printFunction(func).replace(/%\d+|\bb\d+\b/g, name => {
    if (!names.has(name)) names.set(name, `${name[0]}${names.size}`)
    return names.get(name)!
  })
}
