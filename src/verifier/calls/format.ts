import type { Env } from "../env.ts"
import { EINVAL } from "../refuse.ts"
import { isConstant } from "../scalar/index.ts"

/** `bpf_snprintf`: the text is read-only, and it has as many arguments as are given. */
export function checkFormat(env: Env): void {
  const text = env.regs[3]
  const size = env.regs[5].scalar
  if (!isConstant(size) || size.bits.value % 8n !== 0n) env.refuse(EINVAL, "Invalid format string")
  const { frozen } = text.map
  if (frozen === undefined) return
  const start = text.off + Number(text.scalar.bits.value)
  const end = frozen.indexOf(0, start)
  const format = new TextDecoder("latin1").decode(frozen.subarray(start, end < 0 ? undefined : end))
  const count = (format.replaceAll("%%", "").match(/%/g) ?? []).length
  if (count > Number(size.bits.value / 8n)) env.refuse(EINVAL, "Invalid format string")
}
