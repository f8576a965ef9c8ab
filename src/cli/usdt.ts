import { listUsdt, type UsdtListed } from "../bpf/index.ts"
import { command, SUCCESS, UsageError } from "./command.ts"

export const usdt = command({
  usage: "[FILE]",
  about:
    "Lists the static probes (USDT) of a program or library, given by its path or name, or of all that a process runs: file, provider:name, " +
    "number of places and of arguments.",
  positionals: [0, 1],
  options: {
    pid: { short: "p", value: "PID", about: "the process, whose files are meant" },
    long: { short: "l", about: "each place, with its arguments and its semaphore" },
    json: { about: "one JSON object a line" },
  },
  examples: [
    ["skep usdt /usr/lib/x86_64-linux-gnu/libc.so.6", "probes of a library"],
    ["skep usdt -p 1234 -l", "all probes of a process, with their arguments"],
  ],
  run(values, [file]) {
    const pid = pidOf(values.pid)
    if (file === undefined && pid === undefined) throw new UsageError("skep usdt needs a file or --pid")
    for (const probe of listUsdt({ path: file, pid })) {
      process.stdout.write(values.json ? `${JSON.stringify(probe)}\n` : probeText(probe, values.long === true))
    }
    return SUCCESS
  },
})

function pidOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const pid = Number(text)
  if (!Number.isInteger(pid) || pid <= 0) throw new UsageError(`--pid is a number, not '${text}'`)
  return pid
}

function probeText({ path, provider, name, locations }: UsdtListed, long: boolean): string {
  const head = `${path} ${provider}:${name}`
  if (!long) {
    const args = locations[0]?.arguments.length ?? 0
    const plural = (n: number, word: string): string => `${n} ${word}${n === 1 ? "" : "s"}`
    return `${head} [${plural(locations.length, "place")}, ${plural(args, "argument")}]\n`
  }
  const lines = locations.map(({ address, semaphore, arguments: args }) => {
    const counter = semaphore === undefined ? "" : `, semaphore at byte 0x${semaphore.toString(16)}`
    return `  0x${address.toString(16)}: ${args.join(" ") || "no arguments"}${counter}\n`
  })
  return `${head}\n${lines.join("")}`
}
