import type { Helper } from "../code.ts"
import { EINVAL } from "../errno.ts"
import { badRecord } from "../fault.ts"
import { PerfEventArrayMap } from "../maps/perfEventArray.ts"
import { RingbufMap } from "../maps/ringbuf.ts"
import type { Run } from "../run.ts"

/** Index that stands for the CPU that the program runs on. */
const BPF_F_CURRENT_CPU = 0xffffffff

/** `bpf_perf_event_output(ctx, map, flags, data, size)`: the data, and of a packet as many bytes as the flags' high word says. */
const output: Helper = (run, _context, _contextHigh, mapLow, mapHigh, flags, flagsHigh, data, dataHigh, size) => {
  const map = run.map(mapLow, mapHigh)
  if (!(map instanceof PerfEventArrayMap)) return run.signed(-EINVAL)
  run.readable(data, dataHigh, size)
  const { packet, memory } = run
  const more = packet === undefined ? 0 : Math.min(flagsHigh & 0xfffff, packet.end - packet.data)
  const bytes = new Uint8Array(size + more)
  bytes.set(memory.bytes(data, size))
  if (packet !== undefined) bytes.set(memory.bytes(packet.data, more), size)
  const index = flags >>> 0 === BPF_F_CURRENT_CPU ? run.cpu : flags >>> 0
  return run.signed(map.output(run.cpu, index, bytes))
}

function ringOf(run: Run, low: number, high: number): RingbufMap | undefined {
  const map = run.map(low, high)
  return map instanceof RingbufMap ? map : undefined
}

/** The ring that a record was reserved in. @throws Fault VM_ACCESS */
export function ringWith(run: Run, record: number): RingbufMap {
  for (const map of run.core.all()) if (map instanceof RingbufMap && map.isReserved(record)) return map
  throw badRecord(record)
}

const finish =
  (discard: boolean): Helper =>
  (run, record, _recordHigh, flags) => {
    ringWith(run, record).finish(record, discard, flags)
    return 0
  }

/** Records that programs send. */
export const eventHelpers: Readonly<Record<string, Helper>> = {
  bpf_perf_event_output: output,
  bpf_skb_output: output,
  bpf_xdp_output: output,

  bpf_ringbuf_output(run, mapLow, mapHigh, data, dataHigh, size, _sizeHigh, flags) {
    const ring = ringOf(run, mapLow, mapHigh)
    run.readable(data, dataHigh, size)
    return run.signed(ring === undefined ? -EINVAL : ring.output(data, size, flags))
  },

  bpf_ringbuf_reserve(run, mapLow, mapHigh, size, _sizeHigh, flags) {
    const ring = ringOf(run, mapLow, mapHigh)
    return ring === undefined || flags !== 0 ? 0 : run.pointer(ring.reserve(size))
  },

  bpf_ringbuf_submit: finish(false),
  bpf_ringbuf_discard: finish(true),

  bpf_ringbuf_query(run, mapLow, mapHigh, flag) {
    return run.wide(ringOf(run, mapLow, mapHigh)?.query(flag) ?? 0)
  },
}
