import { existsSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { SkepError } from "../../base/index.ts"
import { type KernelSnapshot, openSnapshot } from "../../snapshot/index.ts"

const NAME = "linux.snapshot"

let opened: KernelSnapshot | undefined

/**
 * The kernel that stands for one where there is none: what `npm run btf-snapshot` kept of it. Read when it is first asked for.
 * @throws SkepError SNAPSHOT_MISSING, SNAPSHOT_BAD
 */
export function kernelSnapshot(): KernelSnapshot {
  opened ??= openSnapshot(readFileSync(snapshotFile()))
  return opened
}

/**
 * Takes a snapshot for the one that comes with skep: in a page, which has no files, or for the types of another kernel (`npm run btf-snapshot`).
 * Programs of embedded machines are compiled for its kernel from then on.
 *
 *     useKernelSnapshot(new Uint8Array(await (await fetch("linux.snapshot")).arrayBuffer()))
 *
 * @throws SkepError SNAPSHOT_BAD
 */
export function useKernelSnapshot(bytes: Uint8Array): void {
  opened = openSnapshot(bytes)
}

/** Beside the bundle that this is in, or in `data` of a folder above it. */
function snapshotFile(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const found = [join(folder, NAME), join(folder, "data", NAME)].find(existsSync)
    if (found !== undefined) return found
    if (folder === dirname(folder)) break
  }
  throw new SkepError({
    code: "SNAPSHOT_MISSING",
    message: `${NAME}, which stands for a kernel where there is none, is not there`,
    hint: "install skep again; in a checkout, npm run btf-snapshot makes it",
  })
}
