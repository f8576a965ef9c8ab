import { readdirSync, readFileSync } from "node:fs"
import { BPF, type BpfObject } from "../../src/bpf/index.ts"
import { collectGarbage } from "../support/garbage.ts"
import type { CycledKind } from "./kinds.ts"

/** What a process holds. */
export interface Holding {
  /** Open descriptors. */
  readonly descriptors: number
  /** Bytes of live JavaScript objects and buffers, after the garbage is gone. */
  readonly heap: number
  /** Bytes of memory in use, as the kernel counts them. */
  readonly resident: number
  /** Maps and buffers of the kernel that are in this process's memory. */
  readonly mappings: number
}

export async function holding(): Promise<Holding> {
  await collectGarbage()
  const { heapUsed, arrayBuffers, external, rss } = process.memoryUsage()
  const maps = readFileSync("/proc/self/maps", "utf8").match(/anon_inode:.*$/gm) ?? []
  return {
    descriptors: readdirSync("/proc/self/fd").length,
    heap: heapUsed + arrayBuffers + external,
    resident: rss,
    mappings: maps.length,
  }
}

/** A kind whose program is compiled: each cycle loads, attaches and lets go of it. */
export async function compiled(kind: CycledKind): Promise<() => Promise<void>> {
  const object = await compile(kind.text)
  return async () => {
    using b = await BPF.load({ object, autoAttach: false })
    kind.attach(b)
  }
}

async function compile(text: string): Promise<BpfObject> {
  return (await BPF.open({ text })).object
}
