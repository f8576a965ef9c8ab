import { readFileSync } from "node:fs"
import type { AttachTarget } from "../../src/machine/index.ts"
import { attachTo, System } from "../../src/sim/index.ts"
import { type KernelSnapshot, openSnapshot } from "../../src/snapshot/index.ts"
import { Memory } from "../../src/vm/index.ts"

let snapshot: KernelSnapshot | undefined

/** The kernel that comes with skep, read once. */
export function testSnapshot(): KernelSnapshot {
  snapshot ??= openSnapshot(readFileSync("data/linux.snapshot"))
  return snapshot
}

/** A simulated computer with a few files. */
export function testSystem(options: { seed?: number; cpus?: number } = {}): System {
  const system = new System(new Memory(), testSnapshot(), options)
  system.files.make("/usr/bin/ls", 0o100755, 140_000)
  system.files.make("/etc/hosts", 0o100644, 300)
  return system
}

/** Calls `see` with the context's offset each time a place is come by. */
export function watch(system: System, target: AttachTarget, see: (context: number) => unknown): () => void {
  return attachTo(system, target, context => Number(see(context) ?? 0)).detach
}
