import assert from "node:assert/strict"
import { test } from "node:test"
import { includeResolver, parseFlags } from "../../src/bpf/index.ts"
import { runningCpu, runningTarget } from "../../src/bpf/target.ts"
import { compile } from "../../src/compiler/index.ts"
import { KernelMachine } from "../../src/kernel/index.ts"
import type { Loaded, TestRunInput, TestRunResult } from "../../src/machine/index.ts"
import type { ProgramType } from "../../src/object/index.ts"
import { kernelFunctions } from "../../src/symbols/index.ts"
import { needsRoot } from "./kernel.ts"

/** A program of BCC's dialect in the running kernel; it has the types of its functions' names, and `type` for the others. */
export function loadDialect(text: string, type: ProgramType | undefined, flags: readonly string[] = []): Loaded {
  const { macros, includes } = parseFlags(flags)
  const resolve = includeResolver(includes)
  const { object } = compile({
    name: "t.c",
    text,
    target: runningTarget(),
    cpu: runningCpu(),
    flags: macros,
    resolve,
    check: true,
  })
  const loaded = new KernelMachine({ functions: kernelFunctions }).load(object, { lazy: true })
  try {
    for (const { name, type: own } of object.programs) loaded.program(name, { type: own ?? type })
    return loaded
  } catch (error) {
    loaded[Symbol.dispose]()
    throw error
  }
}

/** One case: every function is accepted by the kernel's verifier. */
export function loads(text: string, type?: ProgramType, ...flags: readonly string[]): void {
  test(text, { skip: needsRoot }, () => loadDialect(text, type, flags)[Symbol.dispose]())
}

/** One case: the kernel does not take a function, and this is why. */
export function refusesToLoad(text: string, message: string, type?: ProgramType): void {
  test(`${text} is refused`, { skip: needsRoot }, () =>
    assert.throws(() => loadDialect(text, type)[Symbol.dispose](), { message }),
  )
}

/** One case: the first function, run on this input, gives this result. */
export function runs(
  text: string,
  type: ProgramType,
  input: TestRunInput,
  expected: number,
  more?: (result: TestRunResult, loaded: Loaded) => void,
): void {
  test(`${text} gives ${expected}`, { skip: needsRoot }, () => {
    const loaded = loadDialect(text, type)
    try {
      const result = loaded.program(loaded.object.programs[0].name).testRun(input)
      assert.equal(result.retval, expected)
      more?.(result, loaded)
    } finally {
      loaded[Symbol.dispose]()
    }
  })
}
