import { existsSync, readdirSync, readFileSync } from "node:fs"
import { release } from "node:os"
import { nearestNames, SkepError } from "../base/index.ts"
import { Btf } from "../btf/index.ts"
import type { CpuLevel, Target } from "../compiler/index.ts"
import { cpuLevel, kernelVersion, onlineCpus, runningBtf, tracefs } from "../kernel/index.ts"
import type { Machine } from "../machine/index.ts"
import type { KernelSnapshot } from "../snapshot/index.ts"
import { kernelSnapshot } from "./host/snapshot.ts"
import { kernelOf } from "./machine.ts"

/** The running kernel, as the compiler sees it; that of the snapshot off Linux. Everything is looked up when it is first asked. */
export function runningTarget(): Target {
  if (process.platform !== "linux") return snapshotTarget()
  const { major, minor, patch } = kernelVersion()
  return {
    arch: architecture(process.arch),
    kernelVersion: (major << 16) | (minor << 8) | Math.min(patch, 255),
    get cpus() {
      return onlineCpus().length
    },
    get pageSize() {
      return pageSize()
    },
    get btf() {
      return kernelTypes()
    },
    moduleBtf: moduleTypes,
    readTracepointFormat,
    tracepointHint,
    config: kernelConfig(),
  }
}

/**
 * The kernel of the snapshot that comes with skep: the same on every computer. The embedded machine simulates it, and where there is no Linux
 * kernel, programs are compiled for it. @throws SkepError SNAPSHOT_MISSING, SNAPSHOT_BAD when something of it is asked for
 */
export function snapshotTarget(machine?: Machine): Target {
  const own = machine && kernelOf(machine)
  const kernel = own?.kernel ?? kernelSnapshot()
  return {
    arch: architecture(own?.arch ?? "x64"),
    kernelVersion: kernel.version,
    cpus: SIMULATED_CPUS,
    pageSize: 4096,
    get btf() {
      return kernel.btf
    },
    readTracepointFormat: (category, event) => kernel.formats.get(`${category}:${event}`),
    tracepointHint: (category, event) => snapshotHint(kernel, category, event),
    config: name => kernel.config.get(name),
  }
}

/** CPUs of the simulated kernel, where nobody says how many. */
export const SIMULATED_CPUS = 2

/** The names nearest to a tracepoint that the snapshot does not have. */
function snapshotHint(kernel: KernelSnapshot, category: string, event: string): string | undefined {
  const names = [...kernel.formats.keys()]
  const categories = [...new Set(names.map(name => name.slice(0, name.indexOf(":"))))]
  if (!categories.includes(category)) return meant(nearestNames(category, categories, 3).map(name => `${name}:…`))
  return meant(nearestNames(`${category}:${event}`, names, 3))
}

/** The instruction set level that this kernel takes, by trying where this process may. */
export function runningCpu(): CpuLevel {
  return cpuLevel() || cpuOfVersion()
}

/** The instruction set level of a kernel by its `LINUX_VERSION_CODE`. */
export function cpuOfKernel(version: number): CpuLevel {
  const since = (major: number, minor: number): boolean => version >= (major << 16) + (minor << 8)
  return since(6, 6) ? 4 : since(5, 1) ? 3 : since(4, 14) ? 2 : 1
}

/** The instruction set level of the kernel's version, without asking the kernel. */
export function cpuOfVersion(): CpuLevel {
  if (process.platform !== "linux") return 3
  const { major, minor } = kernelVersion()
  return cpuOfKernel((major << 16) + (minor << 8))
}

/** The kernel's types; undefined when it does not tell them, so that programs that use none of them compile. */
function kernelTypes(): Btf | undefined {
  try {
    return runningBtf()
  } catch (error) {
    if (error instanceof SkepError) return undefined
    throw error
  }
}

const MODULE_BTF = "/sys/kernel/btf"
const modules = new Map<string, Btf | undefined>()

/** Types of the modules that are loaded, each read when it is come to: those first whose names begin like the one that is looked for. */
function* moduleTypes(name: string): Iterable<Btf> {
  const base = kernelTypes()
  if (base === undefined) return
  const names = readdirSync(MODULE_BTF).filter(module => module !== "vmlinux")
  const alike = (module: string): number => {
    let n = 0
    while (n < module.length && module[n] === name[n]) n++
    return n
  }
  for (const module of names.sort((a, b) => alike(b) - alike(a) || (a < b ? -1 : 1))) {
    if (!modules.has(module)) modules.set(module, readModule(`${MODULE_BTF}/${module}`, base))
    const btf = modules.get(module)
    if (btf !== undefined) yield btf
  }
}

/** Undefined for a module that was unloaded meanwhile. */
function readModule(path: string, base: Btf): Btf | undefined {
  try {
    return Btf.parse(readFileSync(path), { base })
  } catch {
    return undefined
  }
}

function readTracepointFormat(category: string, event: string): string | undefined {
  if (!/^[\w-]+$/.test(category) || !/^[\w-]+$/.test(event)) return undefined
  try {
    return readFileSync(`${tracefs()}/events/${category}/${event}/format`, "utf8")
  } catch {
    return undefined
  }
}

/** The names nearest to a tracepoint that is not there; where they cannot be listed, why. */
function tracepointHint(category: string, event: string): string | undefined {
  try {
    const events = `${tracefs()}/events`
    const categories = readdirSync(events)
    if (!categories.includes(category)) return meant(nearestNames(category, categories, 3).map(name => `${name}:…`))
    return meant(nearestNames(event, readdirSync(`${events}/${category}`), 3).map(name => `${category}:${name}`))
  } catch {
    return "only root may look at the kernel's tracepoints: run it with sudo; skep doctor says how to open them to others"
  }
}

const meant = (names: readonly string[]): string | undefined =>
  names.length === 0 ? undefined : `did you mean ${names.join(", ")}?`

const ARCHITECTURES: ReadonlyMap<string, Target["arch"]> = new Map([
  ["x64", "x86_64"],
  ["arm64", "arm64"],
  ["riscv64", "riscv64"],
  ["s390x", "s390x"],
  ["loong64", "loongarch64"],
  ["ppc64", "powerpc64"],
])

/** A processor by Node's name for it. */
const architecture = (name: string): Target["arch"] => ARCHITECTURES.get(name) ?? "x86_64"

const AT_PAGESZ = 6

/** Bytes of a memory page, from the auxiliary vector the kernel gave this process; 4096 where there is none. */
function pageSize(): number {
  try {
    const words = readFileSync("/proc/self/auxv")
    for (let at = 0; at + 16 <= words.length; at += 16) {
      if (words.readUInt32LE(at) === AT_PAGESZ) return words.readUInt32LE(at + 8)
    }
  } catch {}
  return 4096
}

/** The options the kernel was built with; undefined when it does not tell them. A module's option is `CONFIG_X_MODULE`. */
function kernelConfig(): ((name: string) => string | undefined) | undefined {
  const path = ["/proc/config.gz", `/boot/config-${release()}`].find(existsSync)
  if (path === undefined) return undefined
  let values: Map<string, string> | undefined
  return name => {
    values ??= readConfig(path)
    return values.get(name)
  }
}

function readConfig(path: string): Map<string, string> {
  const values = new Map<string, string>()
  let text = ""
  try {
    const bytes = readFileSync(path)
    text = (path.endsWith(".gz") ? process.getBuiltinModule("node:zlib").gunzipSync(bytes) : bytes).toString("utf8")
  } catch {}
  for (const [, name, value] of text.matchAll(/^(CONFIG_\w+)=(.*)$/gm)) {
    if (value === "m") values.set(`${name}_MODULE`, "1")
    else values.set(name, value === "y" ? "1" : value)
  }
  return values
}
