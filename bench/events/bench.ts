import { type SpawnOptions, spawn, spawnSync } from "node:child_process"
import { mkdirSync } from "node:fs"
import { monitorEventLoopDelay } from "node:perf_hooks"
import { BPF } from "skep"
import { againWithHeaders } from "../headers.ts"

const BATCH = 200
const FILE = "bench/events/events.c"
const PRODUCER = "build/bench/produce"
const CONSUMER = "build/bench/consume"
const seconds = Number(process.argv[2] ?? 3)

interface Result {
  readonly events: number
  readonly seconds: number
  readonly lost?: number
  readonly stall?: number
}

const perSecond = ({ events, seconds: time }: Result): number => events / time

/** skep's own: events into a callback each, or by one of the batch's other ways. */
async function skep(rate: number, how: "raw" | "each" | "column" | "objects"): Promise<Result> {
  using b = await BPF.load({ file: FILE, defines: { BATCH }, autoAttach: false })
  const program = b.program("send", { type: "raw_tracepoint" })
  const total = { sum: 0 }
  const one = (low: number): void => {
    total.sum += low
  }
  const subscription = b.onEvents<{ number: bigint; pid: number }>("events", batch => {
    if (how === "raw") for (let i = 0; i < batch.length; i++) one(batch.view.getUint32(batch.offset(i), true))
    else if (how === "each") batch.each(event => one(event.pid))
    else if (how === "column") for (const pid of batch.column("pid") as Uint32Array) one(pid)
    else for (const event of batch) one(event.pid)
  })
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const start = performance.now()
  const options: SpawnOptions = { stdio: ["ignore", "ignore", "inherit", program.fd] }
  const child = spawn(PRODUCER, ["3", String(seconds), String(rate), String(BATCH)], options)
  await new Promise(resolve => child.on("exit", resolve))
  while (subscription.poll() > 0);
  delay.disable()
  const time = (performance.now() - start) / 1000
  return { events: subscription.received, seconds: time, lost: subscription.lost, stall: delay.max / 1e9 }
}

/** libbpf in C, reading the ring buffer of a program that skep loaded. */
async function libbpf(): Promise<Result> {
  using b = await BPF.load({ file: FILE, defines: { BATCH }, autoAttach: false })
  const { fd } = b.program("send", { type: "raw_tracepoint" })
  const stdio = ["ignore", "pipe", "ignore", fd, b.table("events").map.fd] as const
  const args = ["4", "3", String(seconds), "0", String(BATCH), PRODUCER]
  return JSON.parse(String(spawnSync(CONSUMER, args, { stdio: [...stdio] }).stdout)) as Result
}

function bcc(): Result | undefined {
  const args = ["bench/events/peer.py", FILE, String(seconds), "0", String(BATCH), PRODUCER]
  const { status, stdout } = spawnSync("/usr/bin/python3", args, { stdio: ["ignore", "pipe", "ignore"] })
  return status === 0 ? (JSON.parse(String(stdout)) as Result) : undefined
}

const built = (args: readonly string[]): boolean => spawnSync("gcc", ["-O2", ...args], { stdio: "ignore" }).status === 0

// BCC compiles with the kernel's headers.
const again = againWithHeaders()
if (again !== undefined) process.exit(again)
mkdirSync("build/bench", { recursive: true })
if (!built(["-o", PRODUCER, "bench/events/produce.c"])) throw new Error("gcc is needed to build the producer")
const hasLibbpf = built(["-o", CONSUMER, "bench/events/consume.c", "-lbpf"])
const millions = (n: number): string => `${(n / 1e6).toFixed(2)} million/s`

const ways = ["raw", "each", "column", "objects"] as const
const fastest: Record<string, number> = {}
for (const how of ways) {
  const result = await skep(0, how)
  fastest[how] = perSecond(result)
  console.log(
    `skep, ${how}: ${millions(fastest[how])}, lost ${result.lost}, longest stall ${result.stall?.toFixed(3)} s`,
  )
}
const half = await skep(750_000, "raw")
console.log(
  `skep, raw, sent at 0.75 million/s: ${millions(perSecond(half))}, lost ${half.lost}, longest stall ${half.stall?.toFixed(3)} s`,
)
if (hasLibbpf) {
  const rate = perSecond(await libbpf())
  console.log(`libbpf in C: ${millions(rate)}: ${(rate / fastest.raw).toFixed(2)} times skep`)
}
const python = bcc()
if (python !== undefined) {
  console.log(
    `BCC in Python: ${millions(perSecond(python))}: skep is ${(fastest.each / perSecond(python)).toFixed(1)} times as fast`,
  )
}
