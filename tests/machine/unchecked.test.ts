import assert from "node:assert/strict"
import { test } from "node:test"
import { SkepError } from "../../src/base/index.ts"
import * as isa from "../../src/isa/index.ts"
import { VirtualMachine } from "../../src/vm/index.ts"
import { Random } from "../oracle/random.ts"
import { map, object, program } from "../support/kernel.ts"

/** First seed and number of programs; another range can be tried by hand. */
const first = Number(process.env.SKEP_SEED ?? 1)
const count = Number(process.env.SKEP_COUNT ?? 200)

const MAPS = [
  map("hash", "hash"),
  map("array", "array"),
  map("ring", "ringbuf", { keySize: 0, valueSize: 0, maxEntries: 4096 }),
  map("queue", "queue", { keySize: 0 }),
  map("programs", "prog_array", { valueSize: 4 }),
  map("perf", "perf_event_array", { valueSize: 4 }),
]
const SIZES = [isa.BPF_B, isa.BPF_H, isa.BPF_W, isa.BPF_DW]

/** Instructions that nobody has checked: pointers to anywhere, calls of any helper with anything. */
function wild(random: Random): { insns: isa.Insn[]; maps: [number, string][] } {
  const insns: isa.Insn[] = []
  const maps: [number, string][] = []
  const register = (): number => random.below(10)
  const number = (): number => [0, 1, 4, 8, 16, -1, 0x7fffffff, random.below(1 << 20)][random.below(8)]
  for (let i = 0; i < 30; i++) {
    switch (random.below(9)) {
      case 0:
        maps.push([insns.length, MAPS[random.below(MAPS.length)].name])
        insns.push(isa.loadMapFd(1 + random.below(5), 0))
        break
      case 1:
        insns.push(
          isa.mov64Reg(1 + random.below(9), 10),
          isa.alu64Imm(isa.BPF_ADD, 1 + random.below(9), -random.below(64)),
        )
        break
      case 2:
        insns.push(isa.call(1 + random.below(isa.LAST_HELPER)))
        break
      case 3:
        insns.push(isa.loadMem(SIZES[random.below(4)], register(), random.below(11), random.below(64) - 32))
        break
      case 4:
        insns.push(isa.storeReg(SIZES[random.below(4)], random.below(11), register(), random.below(64) - 32))
        break
      case 5:
        insns.push(isa.mov64Imm(register(), number()))
        break
      case 6:
        insns.push(isa.loadImm64(register(), random.word()))
        break
      case 7:
        insns.push(isa.jumpImm(isa.BPF_JSGT, register(), number(), random.below(3) - 1))
        break
      default:
        insns.push(isa.alu64Reg(isa.BPF_ADD, register(), register()))
    }
  }
  insns.push(isa.exit())
  return { insns, maps }
}

for (const jit of [false, true]) {
  test(`${count} programs that nobody has checked end, or fail with a code (${jit ? "WebAssembly" : "interpreted"})`, () => {
    const faults = new Map<string, number>()
    for (let seed = first; seed < first + count; seed++) {
      const { insns, maps } = wild(new Random(seed))
      const relocations = maps.map(([insn, name]) => ({ kind: "map", insn, map: name }) as const)
      const machine = new VirtualMachine({ jit, verify: false, budget: 10_000, memoryLimit: 64 << 20 })
      try {
        using loaded = machine.load(
          object({ programs: [program("f", insns, { type: "sched_cls", relocations })], maps: MAPS }),
        )
        loaded.program("f").testRun({ data: new Uint8Array(64) })
      } catch (error) {
        const text = `seed ${seed}\n${isa.disassemble(insns)}`
        if (!(error instanceof SkepError)) throw new Error(text, { cause: error })
        assert.match(error.code, /^VM_/, text)
        faults.set(error.code, (faults.get(error.code) ?? 0) + 1)
      }
    }
    assert.ok((faults.get("VM_ACCESS") ?? 0) > 0)
  })
}
