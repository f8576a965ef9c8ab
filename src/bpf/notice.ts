import { type Instead, insteadOf, type Where } from "./machine.ts"

/** The code of the warning, for `--disable-warning` and `process.on("warning")`. */
export const EMBEDDED = "SKEP_EMBEDDED"

let told = false

/** Says once a process, as Node's warning `SKEP_EMBEDDED`, that programs run on the embedded machine although nobody asked for it. A page knows where it is. */
export function tellWhere(where: Where): void {
  const instead = insteadOf(where)
  if (told || instead === undefined || process.platform === ("browser" as string)) return
  told = true
  process.emitWarning(noticeText(instead), { code: EMBEDDED })
}

/** One line. */
export function noticeText({ why, refusal }: Instead): string {
  const kernel = refusal === undefined ? "" : "; for the kernel, run it with sudo"
  return `programs run on skep's embedded machine, not in the kernel: ${why}${kernel}; on: "vm" says so without this line`
}
