import type { MachineSymbols } from "../../machine/index.ts"
import { findBinary, kernelSymbols, locateKernel, UserSymbols } from "../../symbols/index.ts"

/** How {@link BPF.sym} and {@link BPF.ksym} write an address. */
export interface SymOptions {
  /** The file's name behind the function's: `malloc [libc.so.6]`; for the kernel its module or `kernel`. */
  readonly module?: boolean
  /** The bytes behind the function's beginning: `malloc+0x1b`. */
  readonly offset?: boolean
  /** False leaves the names of C++ and Rust as the linker has them. */
  readonly demangle?: boolean
}

/** Where an address is: a frame of a stack, or any other. */
export interface Frame {
  /** The address that was looked up. */
  readonly address: bigint
  /** The function; undefined when it is not known. */
  readonly name: string | undefined
  /** Bytes behind the function's beginning; behind the file's where the function is not known. */
  readonly offset: number
  /** Path of the file, `[vdso]`, a perf map; the kernel's module, or `kernel`. Undefined where nothing is known of the address. */
  readonly module: string | undefined
}

/** One for the whole process: what was read of a file serves every program. */
let users: UserSymbols | undefined

/** Where an address of a process is; of the kernel with a pid below 0. */
export function frameOf(address: bigint | number, pid: number, demangle = true): Frame {
  const at = BigInt.asUintN(64, BigInt(address))
  if (pid < 0) {
    const found = locateKernel(at)
    return { address: at, name: found?.name, offset: found?.offset ?? 0, module: found && (found.module ?? "kernel") }
  }
  // What is above 2^53 is no address of a process.
  const found =
    at > Number.MAX_SAFE_INTEGER ? undefined : (users ??= new UserSymbols()).locate(pid, Number(at), demangle)
  return { address: at, name: found?.name, offset: found?.offset ?? 0, module: found?.module }
}

/** Where a byte of a file is that is known by its build id: of files that processes run, or that were added. */
export function frameOfFile(buildId: string, offset: bigint, demangle = true): Frame {
  const found = (users ??= new UserSymbols()).locateInFile(buildId, Number(offset), demangle)
  return {
    address: offset,
    name: found?.name,
    offset: found?.offset ?? Number(offset),
    module: found?.module ?? buildId,
  }
}

/**
 * Makes a program or library known by its build id, for stacks that were taken as build ids and offsets.
 * @throws SkepError SYMBOLS_NO_FILE, SYMBOLS_ELF
 */
export function addModule(path: string): void {
  ;(users ??= new UserSymbols()).addFile(findBinary(path))
}

/** A frame as text; `[unknown]` where the function is not known. */
export function frameText({ name, offset, module }: Frame, options: SymOptions = {}): string {
  const behind = options.offset && name !== undefined ? `+0x${offset.toString(16)}` : ""
  const file =
    options.module && module !== undefined
      ? ` [${module.slice(module.lastIndexOf("/") + 1).replace(/^\[|\]$/g, "")}]`
      : ""
  return `${name ?? "[unknown]"}${behind}${file}`
}

/** The function an address of a process is in, as text. */
export function sym(address: bigint | number, pid: number, options: SymOptions = {}): string {
  return frameText(frameOf(address, pid, options.demangle), options)
}

/** The function of the kernel, a module or a program that an address is in, as text. */
export function ksym(address: bigint | number, options: SymOptions = {}, symbols?: MachineSymbols): string {
  const frame = symbols === undefined ? frameOf(address, -1) : frameIn(symbols, BigInt.asUintN(64, BigInt(address)))
  return frameText(frame, options)
}

/** Where an address is in another kernel than this computer's, or in a process of it. */
export function frameIn(symbols: MachineSymbols, address: bigint): Frame {
  const found = symbols.locate(address)
  const module = found === undefined ? undefined : address >> 63n === 1n ? "kernel" : "simulated"
  return { address, name: found?.name, offset: found?.offset ?? 0, module }
}

/** Address of a symbol of the kernel by its name; undefined when there is none, or the kernel hides it. */
export function ksymName(name: string): bigint | undefined {
  return kernelSymbols()
    .find(name)
    .find(symbol => symbol.address !== 0n)?.address
}

/**
 * Keeps what a process has mapped, so that its addresses are found when it has ended: to be called while it runs, when its first sample comes.
 * False when it is gone already, or may not be looked at.
 */
export function rememberProcess(pid: number): boolean {
  return (users ??= new UserSymbols()).remember(pid)
}
