import { existsSync, readFileSync, statSync } from "node:fs"
import { dirname, isAbsolute, join } from "node:path"
import { fileURLToPath } from "node:url"
import { SkepError, SourceFile } from "../base/index.ts"
import type { IncludeResolver } from "../c/index.ts"
import { badOption } from "./errors.ts"

/** A program's text, the name it has in messages, and where it came from. */
export interface Source {
  readonly name: string
  readonly text: string
}

/** Reads a C file. @throws SkepError BPF_FILE */
export function readSource(file: string | URL): Source {
  const name = pathOf(file)
  return { name, text: readBytes(name).toString("utf8") }
}

/** Why a file cannot be read, by the code of the error. */
const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "this user may not read it",
  BROWSER_NO_COMPUTER: "a browser has no files",
}

/** Reads a file whole. @throws SkepError BPF_FILE */
export function readBytes(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    const code = String((cause as NodeJS.ErrnoException).code)
    const hint = code === "BROWSER_NO_COMPUTER" ? "fetch it, and give its text or its bytes" : "check the path"
    throw new SkepError({ code: "BPF_FILE", message: `cannot read ${path}: ${UNREADABLE[code] ?? code}`, hint, cause })
  }
}

export function pathOf(file: string | URL): string {
  if (typeof file === "string" && !file.startsWith("file:")) return file
  try {
    return fileURLToPath(file)
  } catch (cause) {
    throw badOption(`file is ${String(file)}, and only paths and file: URLs can be read`, String(cause))
  }
}

/** What the flags of a C compiler say that skep knows. */
export interface Flags {
  /** `-DNAME=VALUE`, `-UNAME` and `-include FILE`, in order. */
  readonly macros: readonly string[]
  /** Folders of `-I` and its like. */
  readonly includes: readonly string[]
}

/** Flags with a value, which may be an argument of its own. */
const WITH_VALUE = /^-([DUI]|isystem|iquote|idirafter|include)/

/** Takes flags apart. Those that cannot change a program here (`-O2`, `-W…`, `-g`) are left out. @throws SkepError BPF_OPTION */
export function parseFlags(cflags: readonly string[]): Flags {
  const macros: string[] = []
  const includes: string[] = []
  for (let i = 0; i < cflags.length; i++) {
    const flag = cflags[i].trim()
    const name = WITH_VALUE.exec(flag)?.[0]
    if (name === undefined) {
      if (flag === "" || /^-(O|W|w$|g|mcpu=|mlittle-endian$|std=|f|nostd|Q|pipe$|v$)/.test(flag)) continue
      throw badOption(`unknown compiler flag '${flag}'`, "skep knows -DNAME=VALUE, -UNAME, -IFOLDER and -include FILE")
    }
    const value = flag.length > name.length ? flag.slice(name.length) : cflags[++i]
    if (value === undefined || value === "")
      throw badOption(`flag ${name} needs a value`, `write it as ${name}${name.length > 2 ? " " : ""}NAME`)
    if (name === "-include") macros.push(`-include ${value.trim()}`)
    else if (name.startsWith("-D") || name.startsWith("-U")) macros.push(name + value)
    else includes.push(value)
  }
  return { macros, includes }
}

/** `{ A: true, B: 2, C: false }` as `-DA=1`, `-DB=2`. */
export function defineFlags(
  defines: Readonly<Record<string, string | number | boolean | undefined>> | undefined,
): string[] {
  return Object.entries(defines ?? {})
    .filter(([, value]) => value !== undefined && value !== false)
    .map(([name, value]) => `-D${name}=${value === true ? 1 : value}`)
}

/** Finds the files of `#include`: `"x.h"` beside the file that includes it, then either form in the folders given. */
export function includeResolver(folders: readonly string[]): IncludeResolver {
  const files = new Map<string, SourceFile>()
  return (name, form, from) => {
    const places = form === "quoted" && !from.system ? [dirname(from.name), ...folders] : folders
    const paths = isAbsolute(name) ? [name] : places.map(place => join(place, name))
    for (const path of paths) {
      const known = files.get(path)
      if (known !== undefined) return known
      if (!existsSync(path) || !statSync(path).isFile()) continue
      const file = new SourceFile(path, readBytes(path).toString("utf8"))
      files.set(path, file)
      return file
    }
    return undefined
  }
}
