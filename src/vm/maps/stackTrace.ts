import { E2BIG, EEXIST, EFAULT, ENOENT } from "../errno.ts"
import { VmMap } from "./map.ts"

const BPF_F_SKIP_FIELD_MASK = 0xff
const BPF_F_USER_STACK = 1 << 8
const BPF_F_FAST_STACK_CMP = 1 << 9
const BPF_F_REUSE_STACKID = 1 << 10

/** Maps of stacks: each is addresses, innermost first, under a number that is their hash. */
export class StackTraceMap extends VmMap {
  readonly #stacks = new Map<number, readonly bigint[]>()
  /** Most addresses of a stack. */
  get depth(): number {
    return this.valueSize / 8
  }

  /** Number of the stack of who runs now, or −errno. */
  id(flags: number): number {
    const user = (flags & BPF_F_USER_STACK) !== 0
    const skip = flags & BPF_F_SKIP_FIELD_MASK
    const stack = this.core.environment.stack(user ? "user" : "kernel").slice(skip, skip + this.depth)
    if (stack.length === 0) return -EFAULT
    const id = this.#hash(stack)
    const there = this.#stacks.get(id)
    if (there !== undefined) {
      if ((flags & BPF_F_FAST_STACK_CMP) !== 0 || there.join() === stack.join()) return id
      if ((flags & BPF_F_REUSE_STACKID) === 0) return -EEXIST
    }
    this.#stacks.set(id, stack)
    return id
  }

  #hash(stack: readonly bigint[]): number {
    let hash = stack.length
    for (const address of stack) {
      hash = Math.imul(hash ^ Number(address & 0xffffffffn), 0x9e3779b1)
      hash ^= hash >>> 15
    }
    return (hash >>> 0) % 2 ** Math.ceil(Math.log2(this.maxEntries))
  }

  override read(key: number, value: number): number {
    const stack = this.#stacks.get(this.memory.view.getUint32(key, true))
    if (stack === undefined) return -ENOENT
    for (let i = 0; i < this.depth; i++) this.memory.view.setBigUint64(value + 8 * i, stack[i] ?? 0n, true)
    return 0
  }

  override delete(key: number): number {
    const id = this.memory.view.getUint32(key, true)
    if (id >= this.maxEntries) return -E2BIG
    return this.#stacks.delete(id) ? 0 : -ENOENT
  }

  override nextKey(key: number, next: number): number {
    const after = key === 0 ? -1 : this.memory.view.getUint32(key, true)
    const ids = [...this.#stacks.keys()].filter(id => id > after)
    if (ids.length === 0) return -ENOENT
    this.memory.view.setUint32(next, Math.min(...ids), true)
    return 0
  }
}
