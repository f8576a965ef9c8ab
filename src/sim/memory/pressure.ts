import type { System } from "../system.ts"
import type { Task } from "../tasks/task.ts"
import type { Steps } from "../time/steps.ts"
import type { KernelObject } from "./object.ts"

const GFP_KERNEL = 0xcc0
/** `COMPACT_CONTINUE` and `COMPACT_SUCCESS` of `enum compact_result`. */
const CONTINUE = 4
const SUCCESS = 8

/** What the kernel does when memory runs short: it looks for pages that can go, moves others together, and in the end ends a process. */
export class Pressure {
  readonly #system: System
  readonly #zone: KernelObject

  constructor(system: System) {
    this.#system = system
    const { memory } = system.kernel
    const node = memory.new("pglist_data", { node_id: 0, nr_zones: 1 })
    this.#zone = node.part("node_zones[0]")
    this.#zone.set({ zone_pgdat: node, name: memory.string("Normal"), managed_pages: { counter: 500_000 } })
    this.#zone.set({ "_watermark[0]": 4000, "_watermark[1]": 5000, "_watermark[2]": 6000 })
  }

  /** A process looks for pages that can go, because there is none for it: it waits meanwhile. */
  *reclaim(order: number): Steps<void> {
    const { kernel } = this.#system
    const pages = kernel.between(32, 200)
    kernel.tracepoint(
      "vmscan:mm_vmscan_direct_reclaim_begin",
      () => ({ order, gfp_flags: GFP_KERNEL }),
      () => [order, GFP_KERNEL],
    )
    yield* kernel.call("try_to_free_pages", [0, order, GFP_KERNEL, 0], () =>
      kernel.call("shrink_node", [this.#zone.big("zone_pgdat"), 0], undefined, kernel.between(80_000, 900_000)),
    )
    kernel.tracepoint(
      "vmscan:mm_vmscan_direct_reclaim_end",
      () => ({ nr_reclaimed: pages }),
      () => [pages],
    )
  }

  /** Pages in use are moved together, so that a large piece becomes free. */
  *compact(order: number): Steps<void> {
    const { kernel } = this.#system
    const zone = this.#zone
    const [start, free] = [0x1000, 0x9000]
    kernel.tracepoint(
      "compaction:mm_compaction_suitable",
      () => ({ nid: 0, idx: 0, order, ret: CONTINUE }),
      () => [zone, order, CONTINUE],
    )
    const fields = () => ({ zone_start: start, migrate_pfn: start, free_pfn: free, zone_end: free, sync: 1 })
    kernel.tracepoint("compaction:mm_compaction_begin", fields, () => [0, start, free, true])
    yield* kernel.call("compact_zone", [0, 0], undefined, kernel.between(100_000, 700_000))
    const ended = () => ({ ...fields(), status: SUCCESS })
    kernel.tracepoint("compaction:mm_compaction_end", ended, () => [0, start, free, true, SUCCESS])
  }

  /** There is no memory left: the kernel chooses a process, whose end is up to its script. */
  *outOfMemory(victim: Task): Steps<void> {
    const { kernel } = this.#system
    const { memory } = kernel
    const control = memory.new("oom_control", { chosen: victim.object, totalpages: 524_288, chosen_points: 800 })
    const message = memory.string("Out of memory")
    yield* kernel.call("out_of_memory", [control], () =>
      kernel.call("oom_kill_process", [control, message], () => {
        const fields = () => ({ pid: victim.pid, comm: victim.comm, uid: victim.uid })
        kernel.tracepoint("oom:mark_victim", fields, () => [victim.object, victim.uid])
      }),
    )
    memory.free(message)
    memory.free(control)
  }
}
