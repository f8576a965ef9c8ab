import { SkepError } from "../../base/index.ts"
import type { TestRunInput, TestRunResult } from "../../machine/index.ts"
import { EINVAL, ENOSPC } from "../errno.ts"
import { Skb } from "../packet/skb.ts"
import { type PacketTestResult, testRunSkb, testRunXdp } from "../packet/testRun.ts"
import { ON_SKB } from "../packet/types.ts"
import { Xdp } from "../packet/xdp.ts"
import type { VmProgram } from "../program.ts"
import type { Run } from "../run.ts"
import { CONTEXTS } from "./contexts.ts"
import { onFlow } from "./flowDissector.ts"
import { onHook } from "./netfilter.ts"
import { onContext } from "./onContext.ts"
import type { Ran } from "./ran.ts"
import { onLookup } from "./skLookup.ts"

/** Bytes a packet may grow, unless the caller says more. */
const GROWTH = 256
/** Most bytes of a context of a raw tracepoint: twelve arguments. */
const ARGUMENTS = 12 * 8
/** Most bytes of a context of a program that a process calls. */
const SYSCALL_CONTEXT = 65536

const none = new Uint8Array(0)

/**
 * Runs a program as the kernel's BPF_PROG_TEST_RUN does: with the same input, and the same refusals. Types that the kernel does not run by itself get a
 * context as it is given.
 */
export function testRun(program: VmProgram, input: TestRunInput): TestRunResult {
  const start = performance.now()
  const result = program.within(run => runOnce(program, input, run))
  if (typeof result === "number") throw refused(program, input, -result)
  const repeat = Math.max(1, input.repeat ?? 1)
  return { ...result, duration: Math.round(((performance.now() - start) * 1e6) / repeat) }
}

function runOnce(program: VmProgram, input: TestRunInput, run: Run): Ran | number {
  const { type } = program
  if (ON_SKB.has(type) || type === "xdp") return onPacket(program, input, run)
  switch (type) {
    case "raw_tracepoint":
    case "raw_tracepoint_writable":
      return onArguments(program, input, run)
    case "syscall":
      return onCall(program, input, run)
    case "tracing":
      // The kernel calls test functions of its own, at which such a program runs only where it is attached to them.
      return { retval: 0, data: none, context: none }
    case "flow_dissector":
      return onFlow(run, skbOf(run), program.runnable, input)
    case "sk_lookup":
      return onLookup(run, program.runnable, input)
    case "netfilter":
      return onHook(run, skbOf(run), program.runnable, input)
    default: {
      const layout = CONTEXTS[type]
      if (layout === undefined) throw noTestRun(program)
      return onContext(run, program.runnable, layout, input)
    }
  }
}

/** The packets of a run are made once. */
interface Packets {
  skb?: Skb
  xdp?: Xdp
}
const packetsOfRuns = new WeakMap<Run, Packets>()

function packetsOf(run: Run): Packets {
  let packets = packetsOfRuns.get(run)
  if (packets === undefined) packetsOfRuns.set(run, (packets = {}))
  return packets
}

function skbOf(run: Run): Skb {
  const packets = packetsOf(run)
  return (packets.skb ??= new Skb(run.memory))
}

function onPacket(program: VmProgram, input: TestRunInput, run: Run): Ran | number {
  const { data, context, repeat, dataRoom } = input
  if (data === undefined) return -EINVAL
  const given = { data, context, repeat }
  const result: PacketTestResult | number =
    program.type === "xdp"
      ? testRunXdp(run, (packetsOf(run).xdp ??= new Xdp(run.memory)), program.runnable, given)
      : testRunSkb(run, skbOf(run), program.runnable, given)
  run.packet = undefined
  if (typeof result === "number") return result
  return result.data.length > (dataRoom ?? data.length + GROWTH) ? -ENOSPC : result
}

/** Raw tracepoints: the arguments are the context; neither a packet nor repetition. Source: bpf_prog_test_run_raw_tp. */
function onArguments(program: VmProgram, input: TestRunInput, run: Run): Ran | number {
  const { data, context = none, repeat = 0, cpu = 0 } = input
  if (data !== undefined || repeat > 0 || context.length > ARGUMENTS) return -EINVAL
  if (cpu >= run.environment.cpus) return -EINVAL
  run.cpu = cpu
  return withContext(run, context, ARGUMENTS, address => ({
    retval: run.start(program.runnable, address) >>> 0,
    data: none,
    context: none,
  }))
}

/** Programs that a process calls: they may change the context. Source: bpf_prog_test_run_syscall. */
function onCall(program: VmProgram, input: TestRunInput, run: Run): Ran | number {
  const { data, context = none, repeat = 0 } = input
  if (data !== undefined || repeat > 0 || context.length > SYSCALL_CONTEXT) return -EINVAL
  return withContext(run, context, context.length, address => {
    const retval = run.start(program.runnable, address) >>> 0
    return { retval, data: none, context: run.memory.copy(address, context.length) }
  })
}

/** Puts a context into memory, with zeros behind it up to a size. */
function withContext<T>(run: Run, context: Uint8Array, size: number, body: (address: number) => T): T {
  const address = run.memory.allocate(size, "the context")
  run.memory.u8.set(context, address)
  try {
    return body(address)
  } finally {
    run.memory.free(address)
  }
}

const noTestRun = ({ name, type }: VmProgram): SkepError =>
  new SkepError({
    code: "MACHINE_NO_TEST_RUN",
    message: `a ${type} program cannot be run by itself: program ${name}`,
    hint: "attach it, or try its logic in a program of another type (socket_filter, xdp, raw_tracepoint)",
  })

function refused(program: VmProgram, input: TestRunInput, errno: number): SkepError {
  return new SkepError({
    code: "VM_TEST_RUN",
    message: `program ${program.name} cannot be run on this input`,
    hint:
      errno === ENOSPC
        ? `the packet that it leaves needs more room than ${input.dataRoom ?? (input.data?.length ?? 0) + GROWTH} bytes: set dataRoom`
        : "network programs take a packet of at least 14 bytes, raw tracepoints a context and no repeat",
    errno,
  })
}
