import { badOption } from "../errors.ts"

/** A server or socket of `node:net`, `node:http`, `node:dgram`: what has a descriptor of the operating system beneath. */
export type NodeSocket = object

/**
 * Descriptor of a socket of Node. Node has no public name for it: streams and servers keep it in `_handle.fd`, sockets of dgram in the handle
 * of their state. Throws `BPF_OPTION` where there is none yet.
 */
export function descriptorOf(socket: NodeSocket | number): number {
  if (typeof socket === "number") return socket
  const state = Object.getOwnPropertySymbols(socket).find(symbol => symbol.description === "state symbol")
  const holder = state === undefined ? socket : Reflect.get(socket, state)
  const handle = Reflect.get(holder, state === undefined ? "_handle" : "handle")
  const fd = handle === null || typeof handle !== "object" ? undefined : Reflect.get(handle, "fd")
  if (typeof fd === "number" && fd >= 0) return fd
  throw badOption(
    "the socket has no descriptor: it is not bound, not connected, or closed",
    'wait for its "listening" or "connect" event',
  )
}
