import { closeSync, existsSync, constants as flags, openSync, readFileSync, writeSync } from "node:fs"
import { constants } from "node:os"
import type { SkepError } from "../../base/index.ts"
import { lookForTracefs, tracefs } from "../tracefs.ts"
import type { Kprobe } from "./kprobe.ts"

/** Group of skep's events. Their names tell the process and the thread that made them: `skep_PID_THREAD_n`. */
const GROUP = "skep"

let counter = 0

/** Name of an event by its number: no other thread or process makes one of this name. */
export const eventName = (number: number): string =>
  `skep_${process.pid}_${process.getBuiltinModule("node:worker_threads").threadId}_${number}`

export interface KprobeEvent {
  readonly group: string
  readonly name: string
  remove(): void
}

/** The place of a probe as kprobe_events has it. */
export function probedPlace({ symbol, address, offset }: Kprobe): string {
  if (address !== undefined) return `0x${(address + BigInt(offset)).toString(16)}`
  return offset === 0 ? symbol : `${symbol}+${offset}`
}

/**
 * Adds a line to kprobe_events, which takes one definition a write:
 *
 *     p:skep/skep_PID_THREAD_n SYMBOL+OFFSET
 *     r[MAXACTIVE]:skep/skep_PID_THREAD_n SYMBOL
 *
 * The event stays until it is removed; after a process that was killed, {@link removeStaleEvents} finds it. `refused` makes the error of a failed write, `missing` that of a kernel without the file.
 */
export function addKprobeEvent(
  probe: Kprobe,
  refused: (errno: number) => SkepError,
  missing: () => SkepError,
): KprobeEvent {
  const file = `${tracefs()}/kprobe_events`
  const name = eventName(counter++)
  const kind = probe.ret ? `r${probe.maxActive ?? ""}` : "p"
  if (!existsSync(file)) throw missing()
  try {
    append(file, `${kind}:${GROUP}/${name} ${probedPlace(probe)}`)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code as keyof typeof constants.errno
    throw refused(constants.errno[code] ?? 0)
  }
  return { group: GROUP, name, remove: () => remove(file, name) }
}

/** Opening it for append matters: a plain open for writing would remove everybody's events. */
function append(file: string, line: string): void {
  const fd = openSync(file, flags.O_WRONLY | flags.O_APPEND)
  try {
    writeSync(fd, line)
  } finally {
    closeSync(fd)
  }
}

function remove(file: string, name: string): void {
  try {
    append(file, `-:${GROUP}/${name}`)
  } catch {
    // Gone already, or held by another reader of it: the next start of skep looks again.
  }
}

let swept = false

/** Removes the events of processes that are gone; once a process. An event in use stays, the kernel sees to that. */
export function removeStaleEvents(): void {
  if (swept) return
  swept = true
  const folder = lookForTracefs()
  if (folder === undefined) return
  const file = `${folder}/kprobe_events`
  for (const name of staleEvents(readIfThere(file))) remove(file, name)
}

/** Names of skep's events in the text of kprobe_events whose process does not run any more. */
export function staleEvents(text: string, alive: (pid: number) => boolean = isAlive): string[] {
  const names: string[] = []
  for (const line of text.split("\n")) {
    const found = /^[pr]\d*:skep\/(skep_(\d+)(?:_\d+)+u?) /.exec(line)
    if (found !== null && !alive(Number(found[2]))) names.push(found[1])
  }
  return names
}

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`)

function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return ""
  }
}
