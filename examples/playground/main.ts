import { BPF, type Simulation, SkepError, simulate, useKernelSnapshot } from "skep/browser"
import { Editor } from "./editor.ts"
import { byId, element } from "./element.ts"
import { SAMPLES, WORKLOADS } from "./programs.ts"
import { shownTables } from "./results.ts"

/** Milliseconds after the last key until the program is verified. */
const PAUSE = 300
/** Simulated seconds that go by between two looks at the page. */
const SLICE = 0.05
/** Most lines of output that are kept. */
const MOST_LINES = 2000
const NAME = "program.c"

const [programs, workloads] = [byId<HTMLSelectElement>("program"), byId<HTMLSelectElement>("workload")]
const seconds = byId<HTMLInputElement>("seconds")
const [verdict, output, state] = [byId("verdict"), byId("output"), byId("state")]
const runButton = byId<HTMLButtonElement>("run")

let waiting: ReturnType<typeof setTimeout> | undefined
const editor = new Editor(() => {
  clearTimeout(waiting)
  waiting = setTimeout(() => void verify(), PAUSE)
})

/** Loads the program into a computer, with counts of its lines where it still fits then. */
async function load(computer: Simulation): Promise<BPF> {
  const options = { text: editor.text, name: NAME, machine: computer.machine, verifierLog: 2 } as const
  try {
    return await BPF.load({ ...options, coverage: true })
  } catch (error) {
    if (!(error instanceof SkepError)) throw error
    return await BPF.load(options)
  }
}

/** Says whether the program compiles and verifies, and where it runs. */
async function verify(): Promise<boolean> {
  try {
    const computer = await simulate({ workload: "idle" })
    using bpf = await BPF.load({ text: editor.text, name: NAME, machine: computer.machine, verifierLog: 2 })
    const size = bpf.programs.reduce((sum, { insns }) => sum + insns.length, 0)
    const places = [...bpf.links].map(({ place }) => place)
    const where = places.length === 0 ? "no function's name says where it runs" : `runs at ${places.join(", ")}`
    say("good", `✔ verified: ${size} instructions; ${where}`, ...bpf.warnings.map(warning => `\n${warning}`))
    byId("log").textContent = bpf.programs.map(({ name }) => `${name}:\n${bpf.program(name).log}`).join("\n")
    byId("code").textContent = bpf.programs.map(({ name }) => `${name}:\n${bpf.disassembleFunc(name)}`).join("\n")
    return true
  } catch (error) {
    explain(error)
    return false
  }
}

function say(kind: string, ...text: (string | Node)[]): void {
  verdict.className = kind
  verdict.replaceChildren(...text)
}

/** Tells what is wrong with the program: the message, how it comes to it, and what to do. */
function explain(error: unknown): void {
  if (!(error instanceof SkepError)) throw error
  const { span, why, hint, notes = [], log = "" } = error.parts
  const line = span === undefined ? Number(/program\.c:(\d+)/.exec(error.message)?.[1] ?? 0) : lineOf(span.start)
  const steps = notes.map(({ message }) => `\n  ${message}`)
  const more = [why && `\nwhy: ${why}`, ...steps, hint && `\nhint: ${hint}`].filter(text => text !== undefined)
  say("bad", element("b", {}, `✖ ${error.message}`), ` [${error.code}]`, ...more)
  byId("log").textContent = log
  byId("code").textContent = ""
  if (line > 0) editor.mark({ fault: line })
}

const lineOf = (offset: number): number => editor.text.slice(0, offset).split("\n").length

/** Runs the program for some simulated seconds, and shows what came of it. */
async function run(): Promise<void> {
  clearTimeout(waiting)
  output.textContent = ""
  byId("tables").replaceChildren()
  if (!(await verify())) return
  const computer = await simulate({ workload: workloads.value, seed: 1 })
  using bpf = await load(computer)
  let lines = 0
  const print = (line: string): void => {
    if (++lines <= MOST_LINES) output.append(`${line}\n`)
  }
  const trace = bpf.trace()
  const printed = (async () => {
    for await (const { task, pid, cpu, timestamp, message } of trace)
      print(`${task}-${pid} [${cpu}] ${timestamp.toFixed(6)}: ${message}`)
  })()
  const streams = bpf.eventNames.map(name =>
    bpf.onEvents(name, batch => {
      for (const event of batch) print(`${name}: ${JSON.stringify(event, jsonValue)}`)
    }),
  )
  const begin = performance.now()
  const length = Math.min(10, Math.max(0.1, Number(seconds.value) || 1))
  for (let passed = 0; passed < length; passed += SLICE) {
    computer.run(Math.min(SLICE, length - passed))
    await new Promise(resolve => setTimeout(resolve))
    showCounts(bpf)
  }
  for (const stream of streams) while (stream.poll() > 0);
  trace.close()
  await printed
  byId("tables").replaceChildren(...shownTables(bpf))
  choose(lines === 0 && bpf.maps.length > 0 ? "tables" : "output")
  const took = ((performance.now() - begin) / 1000).toFixed(1)
  const cut = lines > MOST_LINES ? ` (${MOST_LINES.toLocaleString("en")} shown)` : ""
  state.textContent = `${length} simulated seconds in ${took} s; ${lines.toLocaleString("en")} lines of output${cut}`
}

function showCounts(bpf: BPF): void {
  const counts = bpf.coverage().find(({ file }) => file === NAME)
  if (counts !== undefined) editor.mark({ hits: counts.lines })
}

const jsonValue = (_key: string, value: unknown): unknown => (typeof value === "bigint" ? Number(value) : value)

const tabs = [...document.querySelectorAll<HTMLButtonElement>("nav button")]
/** Shows one of the panes on the right. */
function choose(pane: string): void {
  for (const tab of tabs) {
    const own = tab.dataset.pane ?? ""
    tab.classList.toggle("chosen", own === pane)
    byId(own).hidden = own !== pane
  }
}
for (const tab of tabs) tab.addEventListener("click", () => choose(tab.dataset.pane ?? ""))

/** Does something that takes its time, and keeps the user from doing it twice. */
async function busy(work: () => Promise<unknown>): Promise<void> {
  runButton.disabled = true
  try {
    await work()
  } catch (error) {
    say("bad", String(error))
  } finally {
    runButton.disabled = false
  }
}

function open(): void {
  const sample = SAMPLES[programs.selectedIndex]
  editor.text = sample.text
  workloads.value = sample.workload
  void busy(verify)
}

programs.append(...SAMPLES.map(({ title }) => element("option", {}, title)))
workloads.append(...WORKLOADS.map(name => element("option", {}, name)))
programs.addEventListener("change", open)
byId("controls").addEventListener("submit", event => {
  event.preventDefault()
  void busy(run)
})

await busy(async () => {
  const snapshot = await fetch("linux.snapshot")
  useKernelSnapshot(new Uint8Array(await snapshot.arrayBuffer()))
})
open()
