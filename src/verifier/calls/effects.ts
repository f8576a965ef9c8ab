import { isZero } from "../branch/condition.ts"
import type { Env } from "../env.ts"
import { markPrecise } from "../prune/precision.ts"
import { EACCES, EINVAL } from "../refuse.ts"
import { Kind, typeName } from "../reg.ts"
import { checkCallback } from "./callback.ts"
import { checkFormat } from "./format.ts"
import { noteInlined } from "./inlined.ts"
import type { CallMeta } from "./meta.ts"
import { checkNoLeaks } from "./references.ts"
import { checkSections } from "./sections.ts"

/** What single helpers do besides, with their arguments still in place. */
export function callEffects(env: Env, meta: CallMeta): void {
  const { regs } = env
  switch (meta.name) {
    case "bpf_tail_call":
      noteInlined(env, meta)
      checkNoLeaks(env)
      checkSections(env, "tail_call")
      return
    case "bpf_get_local_storage":
      if (!isZero(regs[2])) env.refuse(EINVAL, "get_local_storage() doesn't support non-zero flags")
      return
    case "bpf_loop": {
      noteInlined(env, meta)
      markPrecise(env, 1)
      const { frame } = env
      if (BigInt(frame.callbackDepth) < env.regs[1].scalar.umax) {
        checkCallback(env, meta)
        return
      }
      frame.callbackDepth = 0
      if (env.log.on) env.log.add(`frame${frame.number} bpf_loop iteration limit reached\n`)
      return
    }
    case "bpf_for_each_map_elem":
    case "bpf_find_vma":
    case "bpf_timer_set_callback":
    case "bpf_user_ringbuf_drain":
      checkCallback(env, meta)
      return
    case "bpf_snprintf":
      checkFormat(env)
      return
    case "bpf_dynptr_from_mem":
      if (regs[1].kind !== Kind.mapValue) {
        const type = typeName(regs[1].kind, regs[1].flags)
        env.refuse(EACCES, `Unsupported reg type ${type} for bpf_dynptr_from_mem data`)
      }
      return
    default:
  }
}
