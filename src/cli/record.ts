import { writeFileSync } from "node:fs"
import { SkepError } from "../base/index.ts"
import { Recorder } from "../bpf/index.ts"
import { attachAs, attachForms, linkText, parseAttach, usdtProbes } from "./attach/index.ts"
import { command, SUCCESS, UsageError } from "./command.ts"
import { durationOf, nothingAttached } from "./run.ts"
import { settings, variableValues } from "./settings.ts"
import { SOURCE_OPTIONS, sourceFlags } from "./source.ts"
import { Stop } from "./stop.ts"
import { note } from "./style.ts"

export const record = command({
  usage: "FILE.c",
  about:
    "Runs a program in the kernel as `skep run` does, and records its runs: who ran, when, the context, and the memory that the program read. " +
    "`skep run --replay` runs it, or a changed one, on the recording, on any computer.",
  positionals: [1, 1],
  options: {
    trace: { value: "FILE", about: "where the recording goes; trace.skep without it" },
    attach: { value: "KIND:PLACE=FN", multiple: true, about: "run the function FN there, as for skep run" },
    duration: { short: "d", value: "SECONDS", about: "end after this time; at Ctrl-C without it" },
    set: { value: "NAME=VALUE", multiple: true, about: "a global variable's value from the start, a constant's, too" },
    pages: { value: "N", about: "pages of the buffer that records wait in, a power of two; 1024 without it" },
    ...SOURCE_OPTIONS,
  },
  examples: [
    ["skep record --trace out.skep --duration 5 opens.c", "what happens in 5 seconds"],
    ["skep run --replay out.skep opens.c", "the same program on the recording, where there is no kernel, too"],
  ],
  lists: [["--attach takes (=FN may be left out when the program has one function):", attachForms]],
  async run(values, [file]) {
    const seconds = durationOf(values.duration)
    const places = (values.attach ?? []).map(parseAttach)
    using stop = new Stop()
    using recorder = await Recorder.start({
      file,
      cflags: sourceFlags(values),
      usdt: usdtProbes(places),
      globals: variableValues(settings("set", values.set) ?? {}),
      pages: pagesOf(values.pages),
    })
    const { bpf } = recorder
    for (const warning of bpf.warnings) process.stderr.write(`${warning}\n`)
    for (const remark of bpf.notes) note(remark)
    for (const [i, spec] of (values.attach ?? []).entries()) {
      if (places[i].place.attach !== undefined) attachAs(bpf, spec)
    }
    if (bpf.links.size === 0) throw nothingAttached(bpf, file)
    for (const link of bpf.links) note(`attached ${linkText(link)}`)
    await stop.wait(seconds)
    const path = values.trace ?? "trace.skep"
    const bytes = recorder.stop()
    try {
      writeFileSync(path, bytes)
    } catch (cause) {
      throw new SkepError({
        code: "CLI_OUTPUT",
        message: `cannot write ${path}: ${(cause as Error).message}`,
        hint: "name another file: --trace FILE",
        cause,
      })
    }
    const { runs, lost } = recorder
    note(`${path}: ${runs.toLocaleString("en")} runs, ${(bytes.length / 1e6).toFixed(1)} MB`)
    if (lost > 0) note(`${lost.toLocaleString("en")} records were lost: more room for them is --pages`)
    note(`run it again with: skep run --replay ${path} ${file}`)
    return SUCCESS
  },
})

function pagesOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const pages = Number(text)
  if (!Number.isInteger(Math.log2(pages)) || pages > 1 << 18) {
    throw new UsageError(`--pages is a power of two up to ${1 << 18}, not '${text}'`)
  }
  return pages
}
