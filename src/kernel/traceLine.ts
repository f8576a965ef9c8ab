import type { TraceLine } from "../machine/index.ts"

/** A line of trace_pipe: output of a program, a note of lost events, or something else that is traced. */
export type TraceItem =
  | { readonly kind: "line"; readonly line: TraceLine; readonly event: string }
  | { readonly kind: "lost"; readonly cpu: number; readonly events: number }
  | { readonly kind: "other"; readonly raw: string }

/**
 * Reads a line of trace_pipe.
 *
 *     TASK-PID  (TGID) [CPU] FLAGS TIMESTAMP: EVENT: MESSAGE
 *     "%16s-%-7d ", the TGID only with the option record-tgid, flags only with irq-info
 *
 *     CPU:N [LOST M EVENTS]
 *
 * A task's name may have spaces, dashes and brackets in it, so the line is read from the name's end: the first place
 * that looks like `-PID [CPU]` behind at least 16 columns.
 */
export function parseTraceLine(raw: string): TraceItem {
  const lost = /^CPU:(\d+) \[LOST (\d+) EVENTS\]/.exec(raw)
  if (lost !== null) return { kind: "lost", cpu: Number(lost[1]), events: Number(lost[2]) }
  HEAD.lastIndex = 0
  const head = HEAD.exec(raw)
  if (head === null) return { kind: "other", raw }
  const [all, task, pid, cpu, flags = "", timestamp] = head
  const rest = raw.slice(all.length)
  const [event, message] = splitEvent(rest)
  return {
    kind: "line",
    event,
    line: {
      task: task.trimStart(),
      pid: Number(pid),
      cpu: Number(cpu),
      flags,
      timestamp: Number(timestamp),
      message,
      raw,
    },
  }
}

const HEAD = /^(.{16,}?)-(\d+) +(?:\([ \d-]+\) +)?\[(\d+)\] +(?:(\S+) +)?(\d+(?:\.\d+)?): /

/**
 * The event before the message: `bpf_trace_printk: ` since Linux 5.9, `0x00000001: ` or `0: ` before, a bare `: ` on
 * some. Other words before a colon are another event's.
 */
function splitEvent(rest: string): [event: string, message: string] {
  const colon = rest.indexOf(": ")
  if (colon < 0) return [rest.replace(/:$/, ""), ""]
  const event = rest.slice(0, colon)
  return /^[\w.+/]*$/.test(event) ? [event, rest.slice(colon + 2)] : ["", rest]
}

/** Whether an event's lines are what programs print. */
export function isPrintk(event: string): boolean {
  return event === "bpf_trace_printk" || event === "" || /^(0x)?[0-9a-f]+$/.test(event)
}
