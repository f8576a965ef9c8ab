import assert from "node:assert/strict"
import { test } from "node:test"
import { snapshotTarget } from "../../src/bpf/index.ts"
import { compile } from "../../src/compiler/index.ts"
import type { AttachTarget } from "../../src/machine/index.ts"
import type { ProgramType } from "../../src/object/index.ts"
import { type Script, type System, simulate, workload } from "../../src/sim/index.ts"
import { testSnapshot } from "./simulated.ts"

/** What a program sees, and where it is attached beside what its functions' names say. */
export interface ToolOptions {
  /** Simulated seconds; 0.5 without it. */
  readonly seconds?: number
  readonly attach?: readonly (readonly [fn: string, target: AttachTarget])[]
  /** What functions are that are attached so; kprobes without it, as uprobes are, too. */
  readonly type?: ProgramType
}

/** Lines that a program prints while something goes on, as `comm: text`. */
export function toolLines(text: string, start: (system: System) => unknown, options: ToolOptions = {}): string[] {
  const { object } = compile({ name: "tool.c", text, target: snapshotTarget(), cpu: 4 })
  const { machine, system } = simulate(testSnapshot(), { seed: 1 })
  const loaded = machine.load(object, { lazy: true })
  const lines: string[] = []
  machine.core.trace.listen(({ task, message }) => void lines.push(`${task}: ${message.trimEnd()}`))
  for (const spec of object.programs) if (spec.attach !== undefined) loaded.program(spec.name).attach()
  for (const [fn, target] of options.attach ?? []) {
    loaded.program(fn, { type: options.type ?? "kprobe" }).attach(target)
  }
  system.files.make("/usr/bin/ls", 0o100755, 140_000)
  start(system)
  system.run((options.seconds ?? 0.5) * 1e9)
  return lines
}

/** The same while a workload of skep's runs. */
export const workloadLines = (text: string, name: string, options?: ToolOptions): string[] =>
  toolLines(text, system => workload(name).start(system), options)

/**
 * One line is one case: a program, what processes do, and all lines that the program prints. The scripts put what is true into `expected`, so that
 * it is the program that is held to what happened.
 */
export function traces(
  what: string,
  text: string,
  scripts: Readonly<Record<string, (expected: string[]) => Script>>,
  options?: ToolOptions,
): void {
  test(what, () => {
    const expected: string[] = []
    const lines = toolLines(
      text,
      system => {
        for (const [comm, script] of Object.entries(scripts)) system.spawn(comm, script(expected))
      },
      options,
    )
    assert.notEqual(expected.length, 0)
    assert.deepEqual(lines.sort(), expected.sort())
  })
}
