import { SkepError } from "../../base/index.ts"
import { type Sys, syscallNumbers } from "./sys.ts"
import { forThread, keepLoaded, nativePart } from "./thread.ts"
import { Watchers } from "./watchers.ts"

type Koffi = typeof import("koffi")

/** System calls through koffi, which is loaded here and nowhere else. Throws `KERNEL_NO_FFI` where it cannot be. */
export function koffiSys(): Sys {
  const numbers = syscallNumbers(process.arch)
  if (process.platform !== "linux" || numbers === undefined) {
    throw new SkepError({
      code: "KERNEL_PLATFORM",
      message: `programs can be loaded on Linux on x64, arm64, riscv64 or loong64, and this is ${process.platform} on ${process.arch}`,
      hint: "compile here and run on a Linux machine; compiling, disassembling and checking work everywhere",
    })
  }
  const koffi = requireKoffi()
  const libc = koffi.load(null)
  // libc's syscall() takes all its arguments in registers, so a fixed prototype is call-compatible with the variadic one.
  const short = libc.func("syscall", "int64_t", ["int64_t", "int64_t", "int64_t", "int64_t"])
  const long = libc.func("syscall", "int64_t", Array(7).fill("int64_t"))

  const watchers = new Watchers((fd, ready) => koffi.node.poll(fd, { readable: true, disconnect: true }, ready))
  const sys: Sys = {
    numbers,
    call(number, a, b = 0, c = 0, d, e = 0, f = 0) {
      const result = d === undefined ? short(number, a, b, c) : long(number, a, b, c, d, e, f)
      return result === -1 ? -koffi.errno() : Number(result)
    },
    address(bytes) {
      return bytes.byteLength === 0 ? 0 : Number(koffi.address(bytes))
    },
    view(address, length) {
      return new Uint8Array(koffi.view(BigInt(address), length))
    },
    watch: (fd, ready) => watchers.watch(fd, ready),
  }
  // Read where programs are loaded: it brings Node's streams along.
  if (process.getBuiltinModule("node:worker_threads").isMainThread) return sys
  keepLoaded(nativePart(), libc.func("dlopen", "void *", ["str", "int"]))
  return forThread(sys)
}

function requireKoffi(): Koffi {
  try {
    // A synchronous require: half the time of an import, and loading a program stays a synchronous call.
    const { createRequire } = process.getBuiltinModule("node:module")
    return createRequire(import.meta.url)("koffi") as Koffi
  } catch (cause) {
    throw new SkepError({
      code: "KERNEL_NO_FFI",
      message: "the native module koffi, which makes the system calls, cannot be loaded",
      why: cause instanceof Error ? cause.message.split("\n")[0] : String(cause),
      hint: "run npm install again without --omit=optional and without --ignore-scripts, on this machine",
      cause,
    })
  }
}
