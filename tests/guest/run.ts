import { readdirSync } from "node:fs"
import { join } from "node:path"
import { boot, consoleTail, dataPort } from "./boot.ts"
import type { Image } from "./image.ts"
import type { GuestReport, GuestTest } from "./report.ts"

/** Seconds: for one test file, after which the next one starts, and for the guest as a whole. */
const fileLimit = 240
const guestLimit = 780

const compiled = "build/test"
const reporter = join(compiled, "tests/guest/reporter.js")

/** Runs the files one after the other, each in a Node of its own: a crash of one does not take the others with it. */
const script = `
for file; do
  printf '{"type":"file","file":"%s"}\\n' "$file" >${dataPort}
  /run/skep/busybox timeout -s KILL ${fileLimit} node --enable-source-maps \
    --test-reporter=./${reporter} --test-reporter-destination=${dataPort} "$file" 2>&1
  printf '{"type":"end","file":"%s","status":%d}\\n' "$file" $? >${dataPort}
done`

/** The compiled test files for the guest, as paths from the top folder. */
export function guestFiles(): string[] {
  return readdirSync(compiled, { recursive: true, encoding: "utf8" })
    .filter(path => path.endsWith(".guest.test.js"))
    .map(path => join(compiled, path))
    .sort()
}

/** src/kernel/kprobe.guest.test.ts for build/test/src/kernel/kprobe.guest.test.js. */
export function sourceOf(file: string): string {
  return file.replace(`${compiled}/`, "").replace(/\.js$/, ".ts")
}

/**
 * Boots a guest and runs test files in it. `take` gets every test as it ends; its first path part is the file. A file that ended
 * badly without a failing test (a crash, a time limit, a guest that is gone) counts as a failing test with the file's name.
 */
export async function runInGuest(image: Image, files: string[], take: (test: GuestTest) => void): Promise<void> {
  const left = new Set(files)
  let current = ""
  let output = ""
  let failures = 0
  let tests = 0
  const fail = (file: string, message: string) =>
    take({ type: "test", path: [sourceOf(file)], error: { message, stack: message } })
  const guest = await boot(image, {
    command: ["sh", "-c", script, "sh", ...files],
    limit: guestLimit,
    output: chunk => {
      output = (output + chunk).slice(-10_000)
    },
    data: line => {
      const report = JSON.parse(line) as GuestReport
      if (report.type === "file") {
        current = report.file
        output = ""
        failures = 0
        tests = 0
      } else if (report.type === "end") {
        left.delete(report.file)
        if (report.status > 1 || (report.status === 1 && failures === 0))
          fail(report.file, `${badEnd(report.status)} after ${tests} tests\n${output}`)
        else if (tests === 0) fail(report.file, `the file reported no test\n${output}`)
        current = ""
      } else {
        tests++
        if (report.error && report.todo === undefined) failures++
        take({ ...report, path: [sourceOf(current), ...report.path] })
      }
    },
  })
  const end = await guest.ended
  const why = {
    exit: "the test run ended early",
    "time limit": `the guest took over ${guestLimit} s`,
    crash: "the guest crashed",
  }
  for (const file of left) {
    if (file === current) fail(file, `${why[end.reason]} in this file\n${output}\n${consoleTail(end.console)}`)
    else
      fail(file, `not run: ${why[end.reason]}${current ? ` in ${sourceOf(current)}` : `\n${consoleTail(end.console)}`}`)
  }
}

function badEnd(status: number): string {
  if (status === 128 + 9) return `the file took over ${fileLimit} s, or was killed`
  return status > 128 ? `the file ended by signal ${status - 128}` : `the file ended with status ${status}`
}
