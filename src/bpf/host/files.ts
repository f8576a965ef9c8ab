import * as symbols from "../../symbols/index.ts"

/**
 * Path of a library by its name (`c`, `libssl`, `libc.so.6`): in what the process has mapped, in `LD_LIBRARY_PATH`, in the dynamic linker's
 * cache, in its folders. With a pid it is the path in that process's mount namespace. Undefined when there is none.
 */
export function findLibrary(name: string, pid?: number): string | undefined {
  return symbols.findLibrary(name, pid)?.name
}

/** Path of a program by its name, in `PATH`; with a pid in that process's, and its mount namespace. Undefined when there is none. */
export function findExe(name: string, pid?: number): string | undefined {
  return symbols.findProgram(name, pid)?.name
}
