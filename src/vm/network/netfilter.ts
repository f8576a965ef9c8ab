import type { NetfilterHook, NetfilterTarget } from "../../machine/index.ts"
import { KERNEL } from "../address.ts"
import type { Memory } from "../memory.ts"
import { ETH_P_IP, ETH_P_IPV6 } from "../packet/link.ts"
import type { Placed } from "../places.ts"
import type { VmProgram } from "../program.ts"

/** Hooks by their numbers (`enum nf_inet_hooks`), and families of protocols. Source: include/uapi/linux/netfilter.h. */
const HOOKS: readonly NetfilterHook[] = ["prerouting", "input", "forward", "output", "postrouting"]
export const NFPROTO_IPV4 = 2
export const NFPROTO_IPV6 = 10

/** Bytes of `struct nf_hook_state`: `u8 hook, u8 pf`, and pointers. Source: include/linux/netfilter.h. */
export const STATE_BYTES = 48
/** Bytes that stand for a `struct sk_buff`: programs reach the packet by a dynptr. */
const SK_BUFF = 256

/** Programs at hooks of netfilter. */
export class NetfilterHooks {
  #programs: { readonly program: VmProgram; readonly target: NetfilterTarget }[] = []

  attach(program: VmProgram, target: NetfilterTarget): Placed {
    const own = { program, target }
    this.#programs = [...this.#programs, own].sort((a, b) => (a.target.priority ?? 0) - (b.target.priority ?? 0))
    return {
      place: `netfilter ${target.family} ${target.hook}`,
      method: "link",
      detach: () => void (this.#programs = this.#programs.filter(one => one !== own)),
    }
  }

  /** The programs that see packets of a protocol at a hook, those of the lowest priority first. */
  programs(hook: NetfilterHook, protocol: number): VmProgram[] {
    const family = protocol === ETH_P_IP ? "ipv4" : protocol === ETH_P_IPV6 ? "ipv6" : undefined
    return this.#programs
      .filter(({ target }) => target.hook === hook && target.family === family)
      .map(({ program }) => program)
  }
}

/** The first bytes of the state of a hook: its number, and the family of protocols. */
export const hookState = (hook: NetfilterHook, protocol: number): Uint8Array =>
  Uint8Array.of(HOOKS.indexOf(hook), protocol === ETH_P_IP ? NFPROTO_IPV4 : NFPROTO_IPV6)

/** Calls `body` with a context (`struct bpf_nf_ctx`) whose typed pointers lead to a state that begins like this, and to a `struct sk_buff` of zeros. */
export function withHookState<T>(memory: Memory, state: Uint8Array, body: (context: number) => T): T {
  const places = [
    memory.allocate(16, "the context"),
    memory.allocate(STATE_BYTES, "state of the hook", { access: "read" }),
    memory.allocate(SK_BUFF, "sk_buff", { access: "read" }),
  ]
  try {
    const [at, stateAt, packet] = places
    memory.u8.set(state, stateAt)
    for (const [i, place] of [stateAt, packet].entries()) {
      memory.view.setInt32(at + i * 8, place, true)
      memory.view.setInt32(at + i * 8 + 4, KERNEL, true)
    }
    return body(at)
  } finally {
    for (const place of places) memory.free(place)
  }
}
