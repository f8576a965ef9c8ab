import type { Helper } from "../code.ts"
import { EINVAL, ENOENT } from "../errno.ts"

/** Names of symbols have at most so many bytes. Source: KSYM_NAME_LEN. */
const SYMBOL_BYTES = 512

/** Arguments of the function that a typed program traces: their number stands in front of the context, the result behind them. */
export const traceHelpers: Readonly<Record<string, Helper>> = {
  bpf_get_func_arg_cnt: (run, context) => run.memory.view.getInt32(context - 8, true),

  bpf_get_func_arg(run, context, _high, index, _indexHigh, value, valueHigh) {
    const { u8, view } = run.memory
    if (index >>> 0 >= view.getUint32(context - 8, true)) return run.signed(-EINVAL)
    u8.copyWithin(run.writable(value, valueHigh, 8), context + 8 * index, context + 8 * index + 8)
    return 0
  },

  bpf_get_func_ret(run, context, _high, value, valueHigh) {
    const { u8, view } = run.memory
    const at = context + 8 * view.getUint32(context - 8, true)
    u8.copyWithin(run.writable(value, valueHigh, 8), at, at + 8)
    return 0
  },

  bpf_kallsyms_lookup_name(run, name, nameHigh, size, _sizeHigh, flags, _flagsHigh, result, resultHigh) {
    const at = run.readable(name, nameHigh, size)
    const { u8, view } = run.memory
    if (flags !== 0 || size <= 1 || size > SYMBOL_BYTES || u8[at + size - 1] !== 0) return run.signed(-EINVAL)
    const address = run.environment.symbol(run.memory.text(at, size))
    view.setBigUint64(run.writable(result, resultHigh, 8), address ?? 0n, true)
    return address === undefined ? run.signed(-ENOENT) : 0
  },
}
