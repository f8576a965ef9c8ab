import { SkepError } from "../base/index.ts"
import {
  BPF,
  type ContainerFilter,
  type LoadOptions,
  openReplay,
  type ReplayMachine,
  readBytes,
  readSource,
  type TraceLine,
} from "../bpf/index.ts"
import { attachAs, attachForms, iteratorOutput, linkText, parseAttach, usdtProbes } from "./attach/index.ts"
import { CAPTURE_OPTIONS, captureLoad, refuseWithoutCapture, runCapture } from "./capture/run.ts"
import { command, SUCCESS, UsageError } from "./command.ts"
import { showEvents } from "./events.ts"
import { settings, variableValues } from "./settings.ts"
import { passTime, simulationOf, WHERE_OPTIONS } from "./simulated.ts"
import { SOURCE_OPTIONS, sourceFlags } from "./source.ts"
import { Stop } from "./stop.ts"
import { note } from "./style.ts"
import { jsonValue, shownTables } from "./tables.ts"

export const run = command({
  usage: "FILE.c|FILE.o",
  about:
    "Compiles a C file (or takes an object), loads it, attaches what its functions' names and --attach say, and shows what it prints. " +
    "At Ctrl-C, or after --duration, it detaches everything and prints the tables.",
  positionals: [1, 1],
  options: {
    attach: { value: "KIND:PLACE=FN", multiple: true, about: "run the function FN there; see below" },
    duration: { short: "d", value: "SECONDS", about: "end after this time" },
    set: { value: "NAME=VALUE", multiple: true, about: "a global variable's value from the start, a constant's, too" },
    events: { about: "show the events that the program sends through perf buffers and ring buffers, as they come" },
    "event-type": {
      value: "NAME=TYPE",
      multiple: true,
      about: "the type of a buffer's events, where an object of clang's does not tell it",
    },
    cgroupmap: {
      value: "PIN",
      about: "see only processes whose control group is in this pinned table (docs/containers.md)",
    },
    mntnsmap: { value: "PIN", about: "see only processes whose mount namespace is in this pinned table" },
    "no-trace": { about: "do not show what the program prints" },
    replay: { value: "FILE", about: "run on a recording (skep record), in place of the kernel" },
    json: { about: "output and tables as one JSON object a line" },
    verbose: { short: "v", about: "the whole log of the kernel's verifier, of programs that load, too" },
    ...CAPTURE_OPTIONS,
    ...WHERE_OPTIONS,
    ...SOURCE_OPTIONS,
  },
  examples: [
    ["skep run foo.c", "functions say where they belong: kprobe__…, TRACEPOINT_PROBE(…)"],
    ["skep run --attach kprobe:finish_task_switch=count_sched task_switch.c", "a function of the kernel"],
    ["skep run --attach kprobe:syscall:clone=hello hello.c", "a system call, by its plain name"],
    ["skep run --attach uprobe:c:malloc=f f.c", "a function of a library, in all processes"],
    ["skep run --attach usdt:/usr/bin/app:app:start=f f.c", "a static probe of a program"],
    ["skep run --attach xdp:eth0:generic=drop drop.c", "packets that come in at a device"],
    ["skep run --events examples/renames.c", "what the program sends through its buffers, decoded"],
    ["skep run --attach tracepoint:sched:sched_switch=f --duration 5 f.c", "a tracepoint, for 5 seconds"],
    ["skep run --replay out.skep f.c", "on what skep record recorded, on any computer"],
    ["skep run --pcap in.pcap --out out.pcap filter.c", "over the packets of a capture"],
    ["skep run --on vm --workload web --duration 2 f.c", "a simulated kernel: no rights, no Linux"],
    ["skep run --events --event-type events=event --set targ_uid=0 execsnoop.bpf.o", "an object that clang made"],
  ],
  lists: [["--attach takes (=FN may be left out when the program has one function):", attachForms]],
  async run(values, [file]) {
    const seconds = durationOf(values.duration)
    refuseWithoutCapture(values)
    const attach = values.attach ?? []
    const places = attach.map(parseAttach)
    const usdt = usdtProbes(places)
    using stop = new Stop()
    const globals = variableValues(settings("set", values.set) ?? {})
    const eventTypes = settings("event-type", values["event-type"])
    const verifierLog = values.verbose ? 1 : 0
    const containers = containersOf(values, file)
    const cflags = sourceFlags(values)
    // A recording, or packets of a capture, are enough of a world.
    const recorded = values.pcap !== undefined || values.replay !== undefined
    const simulation = recorded ? undefined : await simulationOf(values)
    const load: { -readonly [K in keyof LoadOptions]: LoadOptions[K] } = {
      file,
      cflags,
      verifierLog,
      usdt,
      globals,
      eventTypes,
      containers,
      ...(simulation === undefined
        ? { on: "kernel", ...captureLoad(values) }
        : { machine: simulation.computer.machine }),
    }
    const replay = values.replay === undefined ? undefined : await openReplay(readBytes(values.replay))
    if (replay !== undefined) load.machine = replay.machine
    using bpf = await BPF.load(load).catch(simulation === undefined ? withoutRights : undefined)
    for (const warning of bpf.warnings) process.stderr.write(`${warning}\n`)
    for (const remark of bpf.notes) note(remark)
    for (const [i, spec] of attach.entries()) if (places[i].place.attach !== undefined) attachAs(bpf, spec)
    const iterates = places.some(({ kind }) => kind === "iter")
    if (bpf.links.size === 0 && !iterates && values.pcap === undefined) throw nothingAttached(bpf, file)
    if (simulation !== undefined && bpf.links.size > 0) note(simulation.remark)
    for (const link of bpf.links) note(`attached ${linkText(link)}`)
    if (values.verbose) for (const { name } of bpf.programs) showLog(bpf, name)

    const events = values.events ? showEvents(bpf, values.json === true) : undefined
    const tracing = !values["no-trace"] && prints(bpf) ? follow(bpf, values.json === true) : undefined
    // What goes wrong with the output ends the run, too.
    tracing?.done.then(stop.now, stop.now)
    const wrong = values.pcap === undefined ? undefined : await runCapture(bpf, values, stop)
    if (replay !== undefined) showReplay(replay.run(), stop)
    if (bpf.links.size > 0 && simulation !== undefined) await passTime(simulation.computer, seconds, stop)
    else if (bpf.links.size > 0 && values.pcap === undefined) await stop.wait(seconds)
    for (const text of iteratorOutput(bpf, places))
      process.stdout.write(values.json ? jsonLine("iterator", { text }) : text)
    bpf.detachAll()
    events?.end()
    tracing?.close()
    await tracing?.done
    showTables(bpf, values.json === true)
    if (wrong !== undefined) throw wrong
    return SUCCESS
  },
})

/** Says what can be done without rights. */
function withoutRights(error: unknown): never {
  if (error instanceof SkepError && error.code === "KERNEL_NO_PERMISSION") {
    note("without these rights, --on vm runs it on a simulated kernel")
  }
  throw error
}

/** Says what came of a replay, and ends the run. */
function showReplay({ runs, skipped, missing }: ReturnType<ReplayMachine["run"]>, stop: Stop): void {
  note(`replayed ${runs.toLocaleString("en")} runs`)
  if (skipped > 0) note(`${skipped.toLocaleString("en")} recorded runs were at places where nothing is attached`)
  if (missing > 0) {
    note(
      `${missing.toLocaleString("en")} reads failed: the recorded program did not read that memory, so record this one to see it`,
    )
  }
  stop.now()
}

/** A program that asks which container it runs in has to be answered, whether there are tables or not. */
function containersOf(values: { cgroupmap?: string; mntnsmap?: string }, file: string): ContainerFilter | undefined {
  const { cgroupmap: cgroupMap, mntnsmap: mountNamespaceMap } = values
  const given = cgroupMap !== undefined || mountNamespaceMap !== undefined
  if (file.endsWith(".o")) {
    if (given) throw new UsageError("--cgroupmap and --mntnsmap are for C files: an object is compiled already")
    return undefined
  }
  const asks = /\bcontainer_should_be_filtered\s*\(/.test(readSource(file).text)
  if (given && !asks) {
    throw new UsageError(
      `${file} does not ask which container it runs in`,
      "write at the beginning of its function: if (container_should_be_filtered()) return 0;",
    )
  }
  return asks ? { cgroupMap, mountNamespaceMap } : undefined
}

export function durationOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const seconds = Number(text)
  if (!(seconds > 0 && seconds < 2_000_000)) throw new UsageError(`--duration is a number of seconds, not '${text}'`)
  return seconds
}

export function nothingAttached(bpf: BPF, file: string): SkepError {
  const names = bpf.programs.map(program => program.name)
  return new SkepError({
    code: "CLI_NOTHING_ATTACHED",
    message: `nothing in ${file} says where it is to be attached`,
    hint:
      names.length === 0
        ? "write a function that is not static"
        : `say it: --attach kprobe:FUNCTION=${names[0]}, or name the function after its place (kprobe__FUNCTION)`,
  })
}

/** bpf_trace_printk and bpf_trace_vprintk */
const PRINTING = new Set([6, 177])

/** Whether any of the program's functions prints. */
function prints({ object }: BPF): boolean {
  return [...object.programs, ...object.functions].some(({ insns }) =>
    insns.some(insn => insn.op === 0x85 && insn.src === 0 && PRINTING.has(insn.imm)),
  )
}

interface Following {
  readonly done: Promise<void>
  close(): void
}

/** Shows what programs print until it is closed, and at the end how much was lost. */
function follow(bpf: BPF, json: boolean): Following {
  const reader = bpf.trace()
  const show = async (): Promise<void> => {
    for await (const line of reader)
      process.stdout.write(json ? jsonLine("trace", { ...line, raw: undefined }) : traceText(line))
    if (reader.lost > 0) note(`${reader.lost} lines of output were lost: they came faster than they could be read`)
  }
  return { done: show(), close: () => reader.close() }
}

/** `python-20662 [001] d..1 1138.551706: Hello, World!`, as the kernel writes it. */
export function traceText(line: TraceLine): string {
  if (line.continued) return `${line.message}\n`
  const cpu = String(line.cpu).padStart(3, "0")
  return `${line.task}-${line.pid} [${cpu}] ${line.flags} ${line.timestamp.toFixed(6)}: ${line.message}\n`
}

function showTables(bpf: BPF, json: boolean): void {
  if (json) {
    for (const { name, type } of bpf.maps) {
      if (!/hash|array$|lpm/.test(type) || /perf|prog|cgroup|_of_/.test(type)) continue
      const entries = [...bpf.table(name)].map(([key, value]) => ({ key, value }))
      process.stdout.write(jsonLine("table", { name, mapType: type, entries }))
    }
    return
  }
  for (const { text } of shownTables(bpf)) process.stdout.write(`\n${text}\n`)
}

const jsonLine = (type: string, value: object): string => `${JSON.stringify({ type, ...value }, jsonValue)}\n`

function showLog(bpf: BPF, name: string): void {
  const program = bpf.links.size > 0 ? [...bpf.links].find(link => link.program.name === name)?.program : undefined
  if (program?.log) process.stderr.write(`the verifier's log of ${name}:\n${program.log}\n`)
}
