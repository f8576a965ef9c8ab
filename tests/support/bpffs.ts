import { spawnSync } from "node:child_process"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { findTool, inTempDir, runTool } from "./tools.ts"

/** Why tests with bpftool cannot run here; false when they can. */
export function noBpftool(): string | false {
  if (findTool("bpftool") === undefined) return "bpftool is not installed"
  if (process.getuid?.() !== 0) return "loading programs with bpftool needs root"
  return inBpffs(() => false) ?? "a BPF file system cannot be mounted here"
}

/**
 * Mounts a BPF file system in a temporary folder for the time of `use`, which gets the path of it and of a folder for
 * files; what was pinned in it goes away with it. Undefined where it cannot be mounted.
 */
export function inBpffs<T>(use: (bpffs: string, dir: string) => T): T | undefined {
  return inTempDir(dir => {
    const path = join(dir, "bpf")
    mkdirSync(path)
    if (spawnSync("mount", ["-t", "bpf", "skep-test", path]).status !== 0) return undefined
    try {
      return use(path, dir)
    } finally {
      runTool("umount", path)
    }
  })
}
