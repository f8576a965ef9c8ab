import type { BPF, Link } from "../../bpf/index.ts"
import { UsageError } from "../command.ts"
import { splitOffset } from "./parts.ts"
import type { Places } from "./places.ts"

/** Kinds of places in programs and libraries. */
export const userPlaces: Places = {
  uprobe: {
    forms: [
      ["uprobe:FILE:FUNCTION[+OFFSET]=FN", "at a function of a program or library, in all processes"],
      ["uprobe:FILE:/EXPRESSION/=FN", "at all functions of the file that match"],
    ],
    attach: (bpf, event, fn) => attachUser(bpf, "uprobe", event, fn),
  },
  uretprobe: {
    forms: [["uretprobe:FILE:FUNCTION=FN", "at the function's return"]],
    attach: (bpf, event, fn) => attachUser(bpf, "uretprobe", event, fn),
  },
  usdt: { forms: [["usdt:FILE:PROVIDER:NAME=FN", "at a static probe of a program or library"]] },
}

/** `FILE:FUNCTION[+OFFSET]`; the function can be an expression between slashes. */
function attachUser(bpf: BPF, kind: "uprobe" | "uretprobe", event: string, fn: string): Link {
  const at = event.startsWith("/") || !/:\/.*\/$/.test(event) ? event.lastIndexOf(":") : event.indexOf(":")
  if (at <= 0 || at === event.length - 1)
    throw new UsageError(`--attach '${kind}:${event}' names no function of a file`)
  const path = event.slice(0, at)
  const place = event.slice(at + 1)
  const pattern = /^\/(.+)\/$/.exec(place)
  const [symbol, offset] = pattern === null ? splitOffset(place) : [undefined, undefined]
  const target = {
    path,
    fn,
    ...(offset !== undefined && { offset }),
    ...(pattern === null ? { symbol } : { symbolRe: pattern[1] }),
  }
  return kind === "uprobe" ? bpf.attachUprobe(target) : bpf.attachUretprobe(target)
}
