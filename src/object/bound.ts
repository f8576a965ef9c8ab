import type { BtfKind } from "../btf/index.ts"
import { attachTypes } from "../isa/index.ts"
import type { ProgramType } from "./object.ts"

/** What a program of a kind is bound to when it is loaded: a prefix and a name, a kind of type, an attach type. */
export interface Bound {
  readonly prefix: string
  readonly kind: BtfKind
  readonly attachType: string
}

const BOUND: Readonly<Record<string, Bound | undefined>> = {
  fentry: { prefix: "", kind: "func", attachType: "trace_fentry" },
  fexit: { prefix: "", kind: "func", attachType: "trace_fexit" },
  fmod_ret: { prefix: "", kind: "func", attachType: "modify_return" },
  lsm: { prefix: "bpf_lsm_", kind: "func", attachType: "lsm_mac" },
  lsm_cgroup: { prefix: "bpf_lsm_", kind: "func", attachType: "lsm_cgroup" },
  iter: { prefix: "bpf_iter_", kind: "func", attachType: "trace_iter" },
  tp_btf: { prefix: "btf_trace_", kind: "typedef", attachType: "trace_raw_tp" },
}

/** Where programs of types that the kernel wants to know the place of are taken to run, when nothing says it. */
const USUAL_PLACE: Partial<Record<ProgramType, string>> = {
  cgroup_sock_addr: "cgroup_inet4_connect",
  cgroup_sockopt: "cgroup_getsockopt",
  sk_lookup: "sk_lookup",
  netfilter: "netfilter",
}

/** What programs of a kind of place are bound to; undefined for kinds that are not. */
export const boundTo = (kind: string): Bound | undefined => BOUND[kind]

/** The attach type of programs whose type is loaded for some place always, when nothing says which. */
export const usualPlace = (type: ProgramType): string | undefined => USUAL_PLACE[type]

/** What a program is loaded for that is bound to a place of a kind, as a number; undefined for kinds that are not bound. */
export function attachTypeOf(kind: string): number | undefined {
  const bound = boundTo(kind)
  return bound && attachTypes.number(bound.attachType)
}
