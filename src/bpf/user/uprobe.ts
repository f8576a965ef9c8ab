import { canUprobeMulti } from "../../kernel/index.ts"
import type { Link, LoadedProgram, ProgramOptions, UprobeTarget } from "../../machine/index.ts"
import { functionNames, userFunctions } from "../../symbols/index.ts"
import { badOption } from "../errors.ts"
import type { UprobeOptions } from "./options.ts"

/** Gives a function of the program, loaded as it is to be used. */
export type LoadFunction = (fn: string, options: ProgramOptions) => LoadedProgram

/** Runs a function of the program at functions of a program or library. */
export function attachUprobe(kind: "uprobe" | "uretprobe", options: UprobeOptions, load: LoadFunction): Link {
  const target = uprobeTarget(kind, options)
  // What is to run at many places is loaded for that, where the kernel knows it.
  const many = target.event instanceof RegExp && canUprobeMulti()
  return load(options.fn, { type: "kprobe", ...(many && { attachType: "trace_uprobe_multi" }) }).attach(target)
}

function uprobeTarget(kind: "uprobe" | "uretprobe", options: UprobeOptions): UprobeTarget {
  const method = kind === "uprobe" ? "attachUprobe" : "attachUretprobe"
  const { path, library, symbol, symbolRe, address, offset, pid, cookie } = options
  const file = path ?? library
  if (typeof file !== "string" || file === "" || (path !== undefined && library !== undefined)) {
    throw badOption(
      `${method} takes one of path and library`,
      `b.${method}({ library: "c", symbol: "malloc", fn: "f" })`,
    )
  }
  if ([symbol, symbolRe, address].filter(place => place !== undefined).length !== 1) {
    throw badOption(
      `${method} takes one of symbol, symbolRe and address`,
      `b.${method}({ path: "/bin/bash", symbol: "readline", fn: "f" })`,
    )
  }
  return {
    kind,
    path: library === undefined || library.includes("/") ? file : libraryFile(library),
    event: symbolRe === undefined ? symbol : expression(symbolRe),
    ...(address !== undefined && { address }),
    ...(offset !== undefined && { offset }),
    ...(pid !== undefined && { pid }),
    ...(cookie !== undefined && { cookie: BigInt(cookie) }),
  }
}

/** `c` is a library: a program of the same name is not meant. */
const libraryFile = (name: string): string => (/^lib|\.so/.test(name) ? name : `lib${name}`)

const expression = (re: RegExp | string): RegExp => {
  if (typeof re === "string") return new RegExp(re)
  // A global expression would remember where it stopped.
  return new RegExp(re.source, re.flags.replace(/[gy]/g, ""))
}

/**
 * Names of the functions of a program or library that match, each once: `getUserFunctions("c", /^str/)`. With `pid` the file is the one
 * that the process sees.
 * @throws SkepError SYMBOLS_NO_FILE, SYMBOLS_ELF
 */
export function getUserFunctions(path: string, pattern?: RegExp | string, pid?: number): string[] {
  return functionNames(path, pattern === undefined ? undefined : expression(pattern), pid)
}

/**
 * Functions of a program or library that match, with their addresses as the file's own symbol table has them: what `attachUprobe` takes as
 * `address`.
 * @throws SkepError SYMBOLS_NO_FILE, SYMBOLS_ELF
 */
export function getUserFunctionsAndAddresses(
  path: string,
  pattern?: RegExp | string,
  pid?: number,
): { name: string; address: number }[] {
  return userFunctions(path, pattern === undefined ? undefined : expression(pattern), pid)
}

/** Addresses of the functions of a program or library that match, each once. @throws SkepError SYMBOLS_NO_FILE, SYMBOLS_ELF */
export function getUserAddresses(path: string, pattern?: RegExp | string, pid?: number): number[] {
  return [...new Set(getUserFunctionsAndAddresses(path, pattern, pid).map(({ address }) => address))]
}
