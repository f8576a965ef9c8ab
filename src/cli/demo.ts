import { spawn } from "node:child_process"
import { setTimeout as sleep } from "node:timers/promises"
import { SkepError } from "../base/index.ts"
import { BPF, type Simulation } from "../bpf/index.ts"
import { linkText } from "./attach/index.ts"
import { command, SUCCESS, UsageError } from "./command.ts"
import { HELLO, TASK_SWITCH, TASK_SWITCH_TRACEPOINT } from "./demoPrograms.ts"
import { traceText } from "./run.ts"
import { passTime, type Simulated, simulated, simulationOf, WHERE_OPTIONS, type Where } from "./simulated.ts"
import { Stop } from "./stop.ts"
import { note, styled } from "./style.ts"

/** Most pairs of tasks that are printed. */
const MOST_ROWS = 20

export const demo = command({
  usage: "",
  about:
    "Runs two small programs, one after the other: one says hello at each clone(), the other counts which task hands the CPU to which. " +
    "They need kprobes; without them, tracepoints take their place. Without the right to use BPF, or without Linux, they run on a simulated kernel.",
  positionals: [0, 0],
  options: {
    ...WHERE_OPTIONS,
    duration: {
      short: "d",
      value: "SECONDS",
      about: "time for each of the two; 2 without it, 1 where it is simulated",
    },
    verbose: { short: "v", about: "the whole log of the kernel's verifier when it refuses a program" },
  },
  async run(values) {
    const wanted = values.duration === undefined ? undefined : Number(values.duration)
    if (wanted !== undefined && !(wanted > 0 && wanted < 86_400))
      throw new UsageError(`--duration is a number of seconds, not '${values.duration}'`)
    using stop = new Stop()
    const simulation =
      (await simulationOf(values)) ?? (values.on === undefined ? await withoutTracing(values) : undefined)
    if (simulation !== undefined) note(simulation.remark)
    const computer = simulation?.computer
    // Simulated seconds go by faster.
    const seconds = wanted ?? (computer === undefined ? 2 : 1)
    await (computer === undefined ? hello(seconds, stop) : simulatedHello(computer, seconds, stop))
    if (stop.wanted) return SUCCESS
    process.stdout.write("\n")
    await (computer === undefined ? taskSwitch(seconds, stop) : simulatedTaskSwitch(computer, seconds, stop))
    return SUCCESS
  },
})

/** A simulated computer, where this user may use bpf(2) and not trace; undefined where they may. */
async function withoutTracing(where: Where): Promise<Simulated | undefined> {
  using bpf = await BPF.load({ text: HELLO, name: "hello.c", on: "kernel" })
  try {
    bpf.program("hello", { type: "kprobe" })
    return undefined
  } catch (error) {
    if (!(error instanceof SkepError) || error.code !== "KERNEL_NO_PERMISSION") throw error
    return await simulated(where, { why: error.message, refusal: () => error })
  }
}

async function simulatedHello(computer: Simulation, seconds: number, stop: Stop): Promise<void> {
  heading("hello: a line for each clone()")
  using bpf = await BPF.load({ text: HELLO, name: "hello.c", machine: computer.machine })
  bpf.attach("hello", { kind: "kprobe", event: "clone", syscall: true })
  showLinks(bpf)
  const reader = bpf.trace()
  const printed = (async () => {
    for await (const line of reader) process.stdout.write(traceText(line))
  })()
  await passTime(computer, seconds, stop)
  reader.close()
  await printed
}

async function simulatedTaskSwitch(computer: Simulation, seconds: number, stop: Stop): Promise<void> {
  heading("task_switch: which task handed the CPU to which, and how often")
  using bpf = await BPF.load({ text: TASK_SWITCH, name: "task_switch.c", machine: computer.machine })
  bpf.attachKprobe({ event: "finish_task_switch", fn: "count_sched" })
  showLinks(bpf)
  await passTime(computer, seconds, stop)
  showSwitches(bpf)
}

const heading = (text: string): void => void process.stdout.write(`${styled(text, "1")}\n`)

/** A line for each clone(), some of which the demo makes itself. */
async function hello(seconds: number, stop: Stop): Promise<void> {
  using bpf = await BPF.load({ text: HELLO, name: "hello.c", on: "kernel" })
  heading("hello: a line for each clone()")
  if (hasKprobes(() => bpf.attachKprobe({ event: bpf.syscallName("clone"), fn: "hello" }))) {
    return await helloLines(bpf, seconds, stop)
  }
  using other = await BPF.load({ text: HELLO, name: "hello.c", on: "kernel" })
  other.attachTracepoint({ event: "syscalls:sys_enter_clone", fn: "hello" })
  await helloLines(other, seconds, stop)
}

async function helloLines(bpf: BPF, seconds: number, stop: Stop): Promise<void> {
  showLinks(bpf)
  const reader = bpf.trace()
  const cloning = cloneNowAndThen(seconds, stop)
  const timer = setTimeout(() => reader.close(), seconds * 1000)
  stop.done.then(() => reader.close())
  for await (const line of reader) process.stdout.write(traceText(line))
  if (reader.lost > 0) note(`${reader.lost} lines were lost: they came faster than they could be read`)
  clearTimeout(timer)
  await cloning
}

/** A shell that starts subshells: each is a clone(). */
async function cloneNowAndThen(seconds: number, stop: Stop): Promise<void> {
  const end = Date.now() + seconds * 1000
  while (Date.now() < end && !stop.wanted) {
    await new Promise<void>(resolve => {
      const shell = spawn("/bin/sh", ["-c", "(:); (:)"], { stdio: "ignore" })
      shell.on("error", () => resolve())
      shell.on("exit", () => resolve())
    })
    await sleep(Math.min(250, Math.max(0, end - Date.now())))
  }
}

/** Counts task switches, some of which the demo makes itself by sleeping. */
async function taskSwitch(seconds: number, stop: Stop): Promise<void> {
  heading("task_switch: which task handed the CPU to which, and how often")
  using bpf = await BPF.load({ text: TASK_SWITCH, name: "task_switch.c", on: "kernel" })
  if (hasKprobes(() => bpf.attachKprobe({ event: "finish_task_switch", fn: "count_sched" }))) {
    return await countSwitches(bpf, seconds, stop)
  }
  using other = await BPF.load({ text: TASK_SWITCH_TRACEPOINT, name: "task_switch_tracepoint.c", on: "kernel" })
  await countSwitches(other, seconds, stop)
}

async function countSwitches(bpf: BPF, seconds: number, stop: Stop): Promise<void> {
  showLinks(bpf)
  for (const end = Date.now() + seconds * 1000; Date.now() < end && !stop.wanted; ) await sleep(10)
  showSwitches(bpf)
}

function showSwitches(bpf: BPF): void {
  bpf.detachAll()
  const rows = [...bpf.table<{ prev_pid: number; curr_pid: number }, bigint>("stats")]
  rows.sort(([, a], [, b]) => Number(b - a))
  for (const [key, count] of rows.slice(0, MOST_ROWS)) process.stdout.write(switchText(key, count))
  if (rows.length > MOST_ROWS) note(`and ${rows.length - MOST_ROWS} more pairs`)
}

/** `task_switch[    0->10779]=100`, as the slides print it. */
function switchText(key: { prev_pid: number; curr_pid: number }, count: bigint): string {
  return `task_switch[${String(key.prev_pid).padStart(5)}->${String(key.curr_pid).padStart(5)}]=${count}\n`
}

function showLinks(bpf: BPF): void {
  for (const link of bpf.links) note(`attached ${linkText(link)}`)
}

/** Attaches a kprobe; false, and a line that says so, on a kernel that has none. */
function hasKprobes(attach: () => unknown): boolean {
  try {
    attach()
    return true
  } catch (error) {
    if (!(error instanceof SkepError) || error.code !== "KERNEL_NO_KPROBES") throw error
    note("this kernel has no kprobes (CONFIG_KPROBES): a tracepoint takes the place")
    return false
  }
}
