import { closeSync, openSync } from "node:fs"
import { SkepError } from "../../base/index.ts"
import { openTask } from "../../kernel/index.ts"

/** What has a descriptor while a call needs it: one, an object that has one, a file, or a process. */
export type FdSource =
  | number
  | { readonly fd: number }
  | { readonly _handle?: { readonly fd?: number } | null }
  | { readonly folder: string }
  | { readonly pid: number }

/** A socket of Node (`net.Socket`, `dgram.Socket`), or a descriptor. */
export type SocketSource =
  | number
  | { readonly fd: number }
  | { readonly _handle?: { readonly fd?: number } | null }
  | object

/** Calls `use` with a descriptor, which is closed again where it was opened here. @throws SkepError BPF_NO_FD */
export function withFd<T>(source: FdSource | SocketSource, use: (fd: number) => T): T {
  if (typeof source === "number") return use(source)
  if ("folder" in source && typeof source.folder === "string") return opened(openSync(source.folder, "r"), use)
  if ("pid" in source && typeof source.pid === "number") return opened(openTask(source.pid), use)
  const fd = "fd" in source ? source.fd : handleOf(source)?.fd
  if (typeof fd === "number" && fd >= 0) return use(fd)
  throw new SkepError({
    code: "BPF_NO_FD",
    message: "this has no descriptor",
    hint: "sockets have one once they are connected or listening: give it then, or the number of the descriptor",
  })
}

/** Node keeps the descriptor of a socket in its handle; that of a datagram socket is one of its symbols' members. */
function handleOf(source: object): { readonly fd?: number } | undefined {
  if ("_handle" in source) return source._handle as { readonly fd?: number }
  const state = Object.getOwnPropertySymbols(source).find(symbol => symbol.description === "state symbol")
  return state && (source as Record<symbol, { handle?: { fd?: number } }>)[state]?.handle
}

function opened<T>(fd: number, use: (fd: number) => T): T {
  try {
    return use(fd)
  } finally {
    closeSync(fd)
  }
}
