import { readdirSync, readFileSync } from "node:fs"
import { Btf } from "../btf/index.ts"
import { fdById, nextId, objInfo } from "./bpf/index.ts"
import { closeFd, sys } from "./raw/index.ts"

/** A function of a module: its id in the module's types, and a descriptor of these, which the caller closes. */
export interface ModuleFunction {
  readonly id: number
  readonly btfFd: number
}

const FOLDER = "/sys/kernel/btf"

/**
 * Finds a function among the types of a module, or of all modules that are loaded. A program that is bound to it needs a descriptor of the module's
 * types, which the kernel finds by number only. Linux 5.11.
 */
export function moduleFunction(name: string, module: string | undefined, base: Btf): ModuleFunction | undefined {
  for (const candidate of module === undefined ? modules() : [module]) {
    const id = functionIn(candidate, name, base)
    const btfFd = id === 0 ? -1 : descriptorOf(candidate)
    if (btfFd >= 0) return { id, btfFd }
  }
  return undefined
}

function modules(): string[] {
  try {
    return readdirSync(FOLDER).filter(name => name !== "vmlinux")
  } catch {
    return []
  }
}

function functionIn(module: string, name: string, base: Btf): number {
  try {
    return Btf.parse(readFileSync(`${FOLDER}/${module}`), { base }).find(name, "func")
  } catch {
    return 0
  }
}

/** Offsets in `struct bpf_btf_info`: its name, the name's size, and whether it is the kernel's or a module's. */
const NAME = 16
const NAME_SIZE = 24
const OF_KERNEL = 28
const INFO_SIZE = 32

/** A descriptor of a module's types; −1 when the kernel does not hand it out. */
function descriptorOf(module: string): number {
  const text = new Uint8Array(64)
  for (let id = nextId("types", 0); id > 0; id = nextId("types", id)) {
    const fd = fdById("types", id)
    if (fd < 0) continue
    const info = new Uint8Array(INFO_SIZE)
    const view = new DataView(info.buffer)
    view.setBigUint64(NAME, BigInt(sys().address(text)), true)
    view.setUint32(NAME_SIZE, text.length, true)
    const known = objInfo(fd, info) >= INFO_SIZE && view.getUint32(OF_KERNEL, true) !== 0
    if (known && new TextDecoder().decode(text.subarray(0, text.indexOf(0))) === module) return fd
    closeFd(fd)
  }
  return -1
}
