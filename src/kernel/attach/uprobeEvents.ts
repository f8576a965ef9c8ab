import { closeSync, existsSync, constants as flags, openSync, readFileSync, writeSync } from "node:fs"
import { constants } from "node:os"
import { SkepError } from "../../base/index.ts"
import { keepUntilExit } from "../cleanup.ts"
import { closeFd } from "../raw/index.ts"
import { lookForTracefs } from "../tracefs.ts"
import { eventName, staleEvents } from "./kprobeEvents.ts"
import { PERF_TYPE_TRACEPOINT, perfEventOpen } from "./perf.ts"
import { tracepointId } from "./tracepoint.ts"
import type { Uprobe } from "./uprobe.ts"

/** Group of skep's events. Their names tell the process and the thread that made them: `skep_PID_THREAD_nu`. */
const GROUP = "skep"

let counter = 0
let swept = false

const file = (): string | undefined => {
  const folder = lookForTracefs()
  return folder === undefined ? undefined : `${folder}/uprobe_events`
}

/** Whether probes can be made by uprobe_events. */
export function hasUprobeEvents(): boolean {
  const path = file()
  return path !== undefined && existsSync(path)
}

/**
 * Adds a line to uprobe_events, which takes one definition a write, and opens its event; `run` starts a program on the event and says which
 * descriptors hold it. The function returned takes all of it back, as does the end of the process.
 *
 *     p:skep/skep_PID_THREAD_nu PATH:0xOFFSET(0xCOUNTER)
 *     r:skep/skep_PID_THREAD_nu PATH:0xOFFSET
 */
export function openUprobeEvent(
  probe: Uprobe,
  refused: (errno: number) => SkepError,
  run: (event: number, held: number[]) => void,
): () => void {
  const path = file() as string
  sweep(path)
  if (/[\s:]/.test(probe.path)) {
    throw new SkepError({
      code: "KERNEL_UPROBE_REFUSED",
      message: `uprobe_events cannot name the file ${probe.path}`,
      why: "the path has a blank or a colon",
      hint: "probe it by another path, or use Linux 4.17 or newer with the uprobe PMU",
    })
  }
  const name = `${eventName(counter++)}u`
  const hex = (n: number): string => `0x${n.toString(16)}`
  const reference = probe.counter === undefined ? "" : `(${hex(probe.counter)})`
  try {
    append(path, `${probe.ret ? "r" : "p"}:${GROUP}/${name} ${probe.path}:${hex(probe.offset)}${reference}`)
  } catch (error) {
    throw refused(constants.errno[(error as NodeJS.ErrnoException).code as keyof typeof constants.errno] ?? 0)
  }
  const held: number[] = []
  const close = keepUntilExit(() => {
    // An event in use cannot be removed.
    for (const fd of held) closeFd(fd)
    remove(path, name)
  })
  try {
    const fd = perfEventOpen({ type: PERF_TYPE_TRACEPOINT, config: tracepointId(GROUP, name), pid: probe.pid })
    if (fd < 0) throw refused(-fd)
    run(fd, held)
    return close
  } catch (error) {
    close()
    throw error
  }
}

/** Opening it for append matters: a plain open for writing would remove everybody's events. */
function append(path: string, line: string): void {
  const fd = openSync(path, flags.O_WRONLY | flags.O_APPEND)
  try {
    writeSync(fd, line)
  } finally {
    closeSync(fd)
  }
}

function remove(path: string, name: string): void {
  try {
    append(path, `-:${GROUP}/${name}`)
  } catch {
    // Gone already, or held by another reader of it: the next start of skep looks again.
  }
}

/** Removes the events of processes that are gone; once a process. */
function sweep(path: string): void {
  if (swept) return
  swept = true
  for (const name of staleEvents(readFileSync(path, "utf8"))) remove(path, name)
}
