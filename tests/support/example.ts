import { spawn } from "node:child_process"
import { once } from "node:events"
import { setTimeout as sleep } from "node:timers/promises"

/**
 * Runs an example and does something again and again while it runs, until it has ended or its output matches. What it printed; an error where
 * it failed.
 */
export async function example(
  args: readonly string[],
  act: () => unknown = () => {},
  until: RegExp | undefined = undefined,
  wait = 20,
): Promise<string> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const child = spawn(process.execPath, ["scripts/example.mjs", ...args], { env, stdio: ["pipe", "pipe", "pipe"] })
  let [out, errors] = ["", ""]
  child.stdout.on("data", data => (out += data))
  child.stderr.on("data", data => (errors += data))
  const closed = once(child, "close")
  let matched = false
  while (child.exitCode === null && child.signalCode === null && !matched) {
    await act()
    await sleep(wait)
    matched = until?.test(out) === true
  }
  // One that does not end by itself is ended as a user does it.
  if (matched) child.kill("SIGINT")
  await closed
  if (matched || (child.exitCode === 0 && until === undefined)) return out
  throw new Error(`examples/${args[0]}.ts ended with ${child.exitCode ?? child.signalCode}\n${out}${errors}`)
}
