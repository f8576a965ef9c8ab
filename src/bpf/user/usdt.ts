import { SkepError } from "../../base/index.ts"
import type { Link, UsdtTarget } from "../../machine/index.ts"
import {
  binaryProbes,
  findBinary,
  findProbe,
  layoutOf,
  processBinaries,
  type UsdtLocation,
  type UsdtProbe,
} from "../../symbols/index.ts"
import { badOption } from "../errors.ts"
import type { UsdtOptions } from "./options.ts"
import { argumentReaders } from "./readers.ts"
import type { LoadFunction } from "./uprobe.ts"

/** The static probes to enable for a program: the C text that reads their arguments, and where its functions are attached. */
export interface UsdtPlan {
  readonly text: string
  readonly targets: readonly { readonly fn: string; readonly target: UsdtTarget }[]
}

/**
 * Looks the probes up, and writes the readers of their arguments (`bpf_usdt_readarg`) for each function. A function can be enabled for
 * several probes, whose arguments lie in different places: it is told by a number which one it runs at.
 *
 * @throws SkepError BPF_OPTION, SYMBOLS_NO_USDT, SYMBOLS_NO_FILE, SYMBOLS_NO_PROCESS
 */
export function planUsdt(probes: readonly UsdtOptions[]): UsdtPlan {
  const functions = new Map<string, { layouts: string[]; locations: UsdtLocation[] }>()
  const targets: { fn: string; target: UsdtTarget }[] = []
  for (const options of probes) {
    if (typeof options.fn !== "string" || !/^\w+$/.test(options.fn)) {
      throw badOption("a USDT probe needs the function that runs there", '{ pid, probe: "provider:name", fn: "f" }')
    }
    const own = functions.get(options.fn) ?? { layouts: [], locations: [] }
    functions.set(options.fn, own)
    for (const { path, probe } of lookUp(options)) {
      for (const location of probe.locations) {
        const layout = layoutOf(location)
        if (own.layouts.includes(layout)) continue
        own.layouts.push(layout)
        own.locations.push(location)
      }
      targets.push({ fn: options.fn, target: targetOf(options, path, probe, own.layouts) })
    }
  }
  const text = [...functions].map(([fn, { locations }]) => argumentReaders(fn, locations)).join("")
  return { text, targets }
}

/** Runs a function of a loaded program at a static probe. */
export function enableUsdt(options: UsdtOptions, load: LoadFunction): Link[] {
  const program = load(options.fn, { type: "kprobe" })
  const links: Link[] = []
  try {
    for (const { path, probe } of lookUp(options)) links.push(program.attach(targetOf(options, path, probe)))
    return links
  } catch (error) {
    for (const link of links) link.detach()
    throw error
  }
}

function targetOf(
  { pid, cookie }: UsdtOptions,
  path: string,
  probe: UsdtProbe,
  layouts?: readonly string[],
): UsdtTarget {
  return {
    kind: "usdt",
    path,
    provider: probe.provider,
    event: probe.name,
    ...(pid !== undefined && { pid }),
    ...(cookie !== undefined && { cookie: BigInt(cookie) }),
    ...(layouts !== undefined && { layouts }),
  }
}

/** The files that have the probe: the one given, or those of the process. */
function lookUp({ path, pid, probe }: UsdtOptions): { path: string; probe: UsdtProbe }[] {
  const parts = typeof probe === "string" ? probe.split(":") : []
  if (parts.length < 1 || parts.length > 2 || parts.includes("")) {
    throw badOption(
      `a USDT probe is named provider:name, and this is '${String(probe)}'`,
      '{ probe: "node:gc__start" }',
    )
  }
  const name = parts.at(-1) as string
  const provider = parts.length === 2 ? parts[0] : ""
  if (path !== undefined) {
    const binary = findBinary(path, pid)
    return [{ path: binary.name, probe: findProbe(binary, provider, name) }]
  }
  if (pid === undefined)
    throw badOption(
      "a USDT probe needs the path of a file, the pid of a process, or both",
      '{ path: "/usr/bin/node", probe: "node:gc__start", fn: "f" }',
    )
  const found: { path: string; probe: UsdtProbe }[] = []
  const known = new Set<string>()
  for (const binary of processBinaries(pid)) {
    for (const one of probesOf(binary)) {
      known.add(`${one.provider}:${one.name}`)
      if (one.name === name && (provider === "" || one.provider === provider))
        found.push({ path: binary.name, probe: one })
    }
  }
  if (found.length > 0) return found
  throw new SkepError({
    code: "SYMBOLS_NO_USDT",
    message: `process ${pid} runs nothing that has a static probe ${probe}`,
    hint: known.size === 0 ? "none of its files has any: see docs/symbols.md" : `list them: skep usdt -p ${pid}`,
  })
}

/** A file that cannot be read, or is none, has no probes. */
function probesOf(binary: Parameters<typeof binaryProbes>[0]): UsdtProbe[] {
  try {
    return binaryProbes(binary)
  } catch (error) {
    if (error instanceof SkepError) return []
    throw error
  }
}

/** A static probe of a file, for a listing. */
export interface UsdtListed {
  /** The file, as the process sees it. */
  readonly path: string
  /** The provider's name: the first half of `provider:name`. */
  readonly provider: string
  /** The probe's name. */
  readonly name: string
  /** Where the compiler put it: it may have inlined the function that has it. */
  readonly locations: readonly {
    /** As the file's own headers say it. */
    readonly address: number
    /** Byte of the file where the counter is that switches the probe on. */
    readonly semaphore?: number
    /** As the compiler wrote them: `-4@%edi`. */
    readonly arguments: readonly string[]
  }[]
}

/**
 * The C type of a probe's argument as {@link listUsdt} gives it: `-4@%edi` is an `int`, `8@-24(%rbp)` an `unsigned long long`. Undefined for one that
 * no program can read: a floating-point number.
 */
export function usdtArgumentType(argument: string): string | undefined {
  const [, sign, size = "8"] = /^(?:(-?)(\d+)@)?/.exec(argument) as RegExpExecArray
  const type = { 1: "char", 2: "short", 4: "int", 8: "long long" }[size]
  return type === undefined || /^-?\d+f@/.test(argument) ? undefined : sign === "-" ? type : `unsigned ${type}`
}

/**
 * The static probes of a program or library, or without `path` of all that the process runs.
 * @throws SkepError SYMBOLS_NO_FILE, SYMBOLS_ELF, SYMBOLS_NO_PROCESS
 */
export function listUsdt({ path, pid }: Pick<UsdtOptions, "path" | "pid">): UsdtListed[] {
  const files =
    path !== undefined
      ? [findBinary(path, pid)].map(file => ({ file, probes: binaryProbes(file) }))
      : processFiles(pid).map(file => ({ file, probes: probesOf(file) }))
  return files.flatMap(({ file, probes }) =>
    probes.map(({ provider, name, locations }) => ({
      path: file.name,
      provider,
      name,
      locations: locations.map(({ address, semaphore, arguments: args }) => ({
        address,
        ...(semaphore !== undefined && { semaphore }),
        arguments: args.map(({ text }) => text),
      })),
    })),
  )
}

function processFiles(pid: number | undefined): ReturnType<typeof processBinaries> {
  if (pid === undefined) throw badOption("probes are those of a file or of a process", "listUsdt({ pid: 1234 })")
  return processBinaries(pid)
}
