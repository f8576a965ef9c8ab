import { Btf } from "../btf/index.ts"
import { ByteReader, ByteWriter, badSnapshot } from "./bytes.ts"
import { type Formats, readFormats, writeFormats } from "./formats.ts"
import { inflate } from "./inflate.ts"
import { prune } from "./prune.ts"
import { readTypes } from "./readTypes.ts"
import { isRoot } from "./roots.ts"
import { writeTypes } from "./writeTypes.ts"

/** What the compiler and the simulated kernel know of a kernel that is not there. */
export interface KernelSnapshot {
  /** Its release, as `uname -r` shows it: `6.18.0`. */
  readonly release: string
  /** `LINUX_VERSION_CODE`: major << 16 | minor << 8 | patch. */
  readonly version: number
  /** Its types: what programs name, and what that is made of. */
  readonly btf: Btf
  /** Formats of its tracepoints by `category:event`. */
  readonly formats: Formats
  /** Options it was built with: `CONFIG_HZ` is `250`, `CONFIG_SMP` is `1`, a module's `CONFIG_X_MODULE` is `1`. */
  readonly config: ReadonlyMap<string, string>
}

/** What a snapshot is made of. */
export interface SnapshotInput extends Pick<KernelSnapshot, "release" | "version" | "btf" | "formats"> {
  /** Lines of the kernel's configuration. */
  readonly config: string
}

const MAGIC = "skepkernel1"
/** Records behind so many pointers from a type that programs name are kept. */
const DEPTH = 2

/**
 * Packs a kernel's types. `deflate` packs bytes by DEFLATE without a header.
 *
 *     file    magic, size of the rest unpacked, the rest packed
 *     rest    release, version, configuration, formats, types; each text and the types with its length in front
 */
export function makeSnapshot(input: SnapshotInput, deflate: (bytes: Uint8Array) => Uint8Array): Uint8Array {
  const text = new TextEncoder()
  const rest = new ByteWriter()
  rest.block(text.encode(input.release))
  rest.number(input.version)
  rest.block(text.encode(shortConfig(input.config)))
  rest.block(text.encode(writeFormats(input.formats)))
  rest.block(writeTypes(Btf.parse(prune(input.btf, { root: isRoot, depth: DEPTH }))))
  const out = new ByteWriter()
  out.write(text.encode(MAGIC))
  out.number(rest.bytes.length)
  out.write(deflate(rest.bytes))
  return out.bytes
}

/** Largest snapshot that is taken for one: 64 MiB. */
const MOST = 1 << 26

/** Opens what {@link makeSnapshot} made. Types, formats and options are unpacked when they are first asked for. @throws SkepError SNAPSHOT_BAD */
export function openSnapshot(bytes: Uint8Array): KernelSnapshot {
  const text = new TextDecoder()
  const file = new ByteReader(bytes)
  if (bytes.length < MAGIC.length || text.decode(file.take(MAGIC.length)) !== MAGIC) {
    throw badSnapshot("it does not begin like one")
  }
  const size = file.number()
  if (size > MOST) throw badSnapshot("it is too large")
  const rest = new ByteReader(inflate(file.rest(), size))
  const release = text.decode(rest.block())
  const version = rest.number()
  const [options, events, types] = [rest.block(), rest.block(), rest.block()]
  const btf = once(() => Btf.parse(readTypes(types)))
  const formats = once(() => readFormats(text.decode(events)))
  const config = once(() => readConfig(text.decode(options)))
  return {
    release,
    version,
    get btf() {
      return btf()
    },
    get formats() {
      return formats()
    },
    get config() {
      return config()
    },
  }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => (made ??= { value: make() }).value
}

/** `CONFIG_SMP=y` is `SMP`, all else without `CONFIG_`. */
function shortConfig(config: string): string {
  const lines = [...config.matchAll(/^CONFIG_(\w+)=(.*)$/gm)]
  return lines.map(([, name, value]) => (value === "y" ? name : `${name}=${value}`)).join("\n")
}

function readConfig(text: string): Map<string, string> {
  const values = new Map<string, string>()
  for (const line of text.split("\n")) {
    const at = line.indexOf("=")
    const [name, value] = at < 0 ? [line, "1"] : [line.slice(0, at), line.slice(at + 1)]
    if (value === "m") values.set(`CONFIG_${name}_MODULE`, "1")
    else values.set(`CONFIG_${name}`, value)
  }
  return values
}
