import { spawn, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { release } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import loader from "./loader.c"

/** What became of a program, or of a whole object, that libbpf loaded. */
export interface PeerVerdict {
  /** The program; `*` for all of an object at once, `-` for one that could not be opened. */
  readonly name: string
  /** 0, or the error. */
  readonly errno: number
  /** Instructions that the verifier went through. */
  readonly verified: number
  /** The kernel's digest of its instructions, but for numbers of maps. */
  readonly tag: string
  readonly why: string
}

const LIBRARY = "-lbpf"

/** libbpf's loader, compiled once; undefined where gcc or libbpf-dev is not installed. */
export function peerLoader(folder: string): string | undefined {
  mkdirSync(folder, { recursive: true })
  const source = join(folder, "loader.c")
  const program = join(folder, "loader")
  if (existsSync(program) && existsSync(source) && readFileSync(source, "utf8") === loader) return program
  writeFileSync(source, loader)
  return spawnSync("gcc", ["-O1", "-w", source, "-o", program, LIBRARY]).status === 0 ? program : undefined
}

/** A bpffs of its own, for maps that are pinned by name, and a network namespace of its own. */
const APART = [
  "--mount",
  "--propagation",
  "private",
  "--net",
  "sh",
  "-c",
  'mount -t bpf bpf /sys/fs/bpf && exec "$@"',
  "sh",
]

/**
 * What libbpf makes of objects, by their paths. What it said is kept in `folder` by kernel and content, since it opens an object anew for each program.
 * Nothing is left in the BPF file system.
 */
export async function peerVerdicts(
  program: string,
  folder: string,
  paths: readonly string[],
  progress: (path: string) => void = () => {},
): Promise<Map<string, PeerVerdict[]>> {
  const store = join(folder, `libbpf-${release()}.json`)
  const known: Record<string, PeerVerdict[]> = existsSync(store) ? JSON.parse(readFileSync(store, "utf8")) : {}
  const keys = new Map(paths.map(path => [path, `${hashOf(loader)}-${hashOf(readFileSync(path))}`]))
  const wanted = paths.filter(path => known[keys.get(path)!] === undefined)
  if (wanted.length > 0) {
    const child = spawn("unshare", [...APART, program, ...wanted], { stdio: ["ignore", "pipe", "inherit"] })
    for await (const line of createInterface({ input: child.stdout })) {
      const [path, name, errno, verified, tag, why] = line.split("\t")
      const key = keys.get(path)
      if (key === undefined) continue
      const verdicts = (known[key] ??= [])
      if (verdicts.length === 0) progress(path)
      verdicts.push({ name, errno: Number(errno), verified: Number(verified), tag, why })
    }
    writeFileSync(store, JSON.stringify(known))
  }
  return new Map(paths.map(path => [path, known[keys.get(path)!] ?? []]))
}

const hashOf = (content: string | Uint8Array): string => createHash("sha1").update(content).digest("hex").slice(0, 16)
