import { cycledKinds } from "./kinds.ts"
import { compiled, type Holding, holding } from "./measure.ts"

const ALL = Number(process.env.SKEP_COUNT ?? 10_000)
/** Times at which is measured and told how far it is. */
const REPORTS = 20
/** Reports until Node has compiled what runs often and its heap has its size: what comes then is compared with the end. */
const WARM_REPORTS = 5
/** Bytes of heap a cycle may leave. */
const HEAP_PER_CYCLE = 50
/** Bytes of memory that a cycle may leave, among them what the allocator keeps for later. */
const RESIDENT_PER_CYCLE = 2000

const told = ({ descriptors, mappings, heap, resident }: Holding): string =>
  `${descriptors} descriptors, ${mappings} mappings, heap ${(heap / 2 ** 20).toFixed(2)} MB, resident ${(resident / 2 ** 20).toFixed(1)} MB`

/** Loads, attaches and detaches programs of every kind in turn, and says what the process holds. `args`: words in names of kinds. */
export async function main(args: readonly string[]): Promise<number> {
  const { kinds, end } = cycledKinds()
  try {
    const chosen = kinds.filter(
      ({ name, skip }) => !skip && (args.length === 0 || args.some(word => name.includes(word))),
    )
    if (chosen.length === 0) throw new Error("nothing to try: run it as root on Linux")
    for (const { name, skip } of kinds) if (skip) console.log(`not here: ${name}: ${skip}`)
    const cycles = await Promise.all(chosen.map(compiled))
    const spent = chosen.map(() => 0)
    const round = async (): Promise<void> => {
      for (const [i, cycle] of cycles.entries()) {
        const start = performance.now()
        await cycle()
        spent[i] += performance.now() - start
      }
    }
    console.log(`${chosen.length} kinds, ${ALL} cycles`)
    const measured: Holding[] = []
    let done = 0
    let warm = 0
    for (let report = 1; report <= REPORTS; report++) {
      for (; done < (ALL * report) / REPORTS; done += cycles.length) await round()
      measured.push(await holding())
      if (report === WARM_REPORTS) warm = done
      console.log(`${done} cycles: ${told(measured[report - 1])}`)
    }
    const first = measured[WARM_REPORTS - 1]
    const last = measured[REPORTS - 1]
    const rounds = done / cycles.length
    for (const [i, { name }] of chosen.entries())
      console.log(`${(spent[i] / rounds).toFixed(1).padStart(8)} ms  ${name}`)
    const heap = (last.heap - first.heap) / (done - warm)
    const resident = (last.resident - first.resident) / (done - warm)
    console.log(
      `from cycle ${warm} on: ${heap.toFixed(1)} bytes of heap and ${resident.toFixed(0)} of resident memory a cycle`,
    )
    const good =
      last.descriptors === first.descriptors &&
      last.mappings === first.mappings &&
      heap < HEAP_PER_CYCLE &&
      resident < RESIDENT_PER_CYCLE
    console.log(good ? "nothing grew" : "SOMETHING GREW")
    return good ? 0 : 1
  } finally {
    end()
  }
}
