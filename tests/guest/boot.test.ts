import assert from "node:assert/strict"
import { existsSync } from "node:fs"
import { PassThrough } from "node:stream"
import { test } from "node:test"
import { boot, consoleTail, dataPort, type GuestCommand, type GuestEnd } from "./boot.ts"
import { guestImage, whyNoGuest } from "./image.ts"

const missing = whyNoGuest("6.1")
const skip = missing ? { skip: missing } : {}

type Run = GuestEnd & { output: string; errors: string; data: string[] }

async function run(script: string, more: Partial<GuestCommand> = {}): Promise<Run> {
  const got = { output: "", errors: "", data: [] as string[] }
  const guest = await boot(guestImage("6.1"), {
    command: ["sh", "-c", script],
    limit: 120,
    output: chunk => void (got.output += chunk),
    errors: chunk => void (got.errors += chunk),
    data: line => void got.data.push(line),
    ...more,
  })
  return { ...(await guest.ended), ...got }
}

test("input, output, errors, data, folder, environment and exit status pass between guest and host", skip, async () => {
  const input = new PassThrough()
  input.end("typed\n")
  const script = `pwd; cat; echo "$WORD" >&2; echo data >${dataPort}; echo x >build/left-behind; seq 20000 | tail -1; exit 7`
  const { output, errors, data, reason, status } = await run(script, { input, env: { WORD: "it's" } })
  assert.deepEqual([output, errors, data], [`${process.cwd()}\ntyped\n20000\n`, "it's\n", ["data"]])
  assert.deepEqual([reason, status], ["exit", 7])
  assert.equal(existsSync("build/left-behind"), false)
})

test("a signal reaches the command; the time limit ends a guest that goes on", skip, async () => {
  const command = ["sh", "-c", "trap 'echo got it' INT; echo started; while :; do sleep 0.1; done"]
  let output = ""
  const guest = await boot(guestImage("6.1"), {
    command,
    limit: 120,
    output: chunk => {
      output += chunk
      if (String(chunk).includes("started")) guest.signal("INT")
      if (String(chunk).includes("got it")) guest.kill()
    },
  })
  assert.equal((await guest.ended).reason, "crash")
  assert.equal(output, "started\ngot it\n")
  assert.equal((await run("sleep 1000", { limit: 5 })).reason, "time limit")
})

test("a kernel that panics says so", skip, async () => {
  const end = await run("echo c >/proc/sysrq-trigger; sleep 1000")
  assert.equal(end.reason, "crash")
  assert.match(consoleTail(end.console), /Kernel panic - not syncing: sysrq triggered crash/)
})
