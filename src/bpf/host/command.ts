import { constants } from "node:os"
import type { Writable } from "node:stream"
import { badOption } from "../errors.ts"

/** A command whose process is there, and which runs when it is told to. */
export interface WaitingCommand {
  /** The process: what `attachUprobe`, `sym` and filters take as `pid`. */
  readonly pid: number
  /** Lets the command run. Once is enough: later calls do nothing. */
  start(): void
  /** The exit code; 128 and the signal's number where a signal ended it, 127 where there is no such command. */
  readonly exited: Promise<number>
  /** Sends a signal, SIGTERM without one; false where the process has ended. */
  kill(signal?: NodeJS.Signals): boolean
}

/**
 * Starts a process for a command and keeps it from running, so that probes can be attached to it before its first instruction.
 *
 *     const command = waitingCommand(["ls", "-l"])
 *     b.attachUprobe({ library: "c", symbol: "malloc", pid: command.pid, fn: "count" })
 *     command.start()
 *     await command.exited
 *
 * Its input and output are this process's. @throws SkepError BPF_OPTION
 */
export function waitingCommand(command: readonly string[]): WaitingCommand {
  if (command.length === 0) throw badOption("there is no command to start", 'waitingCommand(["ls", "-l"])')
  // Read where it is needed: most programs start no process.
  const { spawn } = process.getBuiltinModule("node:child_process")
  // The shell becomes the command when its third descriptor says so, and keeps its pid.
  const wait = 'read _ <&3 || exit 125; exec 3<&-; exec "$@"'
  const child = spawn("/bin/sh", ["-c", wait, "sh", ...command], { stdio: ["inherit", "inherit", "inherit", "pipe"] })
  const gate = child.stdio[3] as Writable
  gate.on("error", () => {})
  const exited = new Promise<number>((resolve, reject) => {
    child.on("error", reject)
    child.on("exit", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])))
  })
  if (child.pid === undefined) throw badOption("no process could be started", "/bin/sh has to be there")
  return {
    pid: child.pid,
    start: () => gate.end("\n"),
    exited,
    kill: signal => child.kill(signal),
  }
}
