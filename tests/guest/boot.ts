import { spawn } from "node:child_process"
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { createServer, type Server, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Image, initramfs } from "./image.ts"

export type GuestCommand = {
  /** The program and its arguments, run in the guest as root, in the folder `cwd`. */
  command: string[]
  cwd?: string
  /** Added to the host's PATH, HOME, LANG, TERM and SKEP_* variables. */
  env?: Record<string, string>
  /** Seconds for boot and command together; after it the machine is switched off. */
  limit: number
  /** Where the command's input comes from; none: it reads an end of file. */
  input?: NodeJS.ReadableStream
  output?: (chunk: Buffer) => void
  errors?: (chunk: Buffer) => void
  /** What the command writes to `dataPort`, a line at a time. */
  data?: (line: string) => void
  /** What the kernel prints on its console, everything from the start; without it only errors are printed. */
  console?: (chunk: Buffer) => void
}

/** How a guest ended: by itself with the command's exit status, by the time limit, or because its kernel (or QEMU) gave up. */
export type GuestEnd = {
  reason: "exit" | "time limit" | "crash"
  /** Exit status of the command; 1 when it never got to exit. */
  status: number
  /** What the kernel printed on its console. */
  console: string
}

export type Guest = {
  ended: Promise<GuestEnd>
  /** Sends a signal ("INT", "TERM") to the command and its children. */
  signal(name: string): void
  /** Switches the machine off. */
  kill(): void
}

/** The file that a command in the guest opens to reach `GuestCommand.data`. */
export const dataPort = "/dev/virtio-ports/data"

const ports = ["control", "input", "output", "errors", "data"] as const

// Nothing but a console and the ports; the time-stamp counter as clock, since reading another one leaves the emulated processor;
// an oops ends the guest; no checks of the crypto library at boot.
const kernelArguments =
  "console=ttyS0 panic=-1 oops=panic nokaslr mitigations=off tsc=reliable clocksource=tsc no_timer_check cryptomgr.notests apparmor=0 audit=0"

/** Boots a guest that sees this machine's files (it can change them only for itself) and runs one command in it. */
export async function boot(image: Image, what: GuestCommand): Promise<Guest> {
  const run = mkdtempSync(join(tmpdir(), "skep-guest-"))
  writeFileSync(join(run, "initramfs"), initramfs(image))
  writeFileSync(join(run, "command"), commandFile(what))
  symlinkSync(image.modules, join(run, "modules"))
  const listeners = new Map<string, Listener>()
  for (const port of ports) listeners.set(port, await listen(join(run, port)))

  const qemu = spawn(
    image.qemu,
    qemuArguments(image, `${kernelArguments}${what.console ? "" : " quiet"} skep.run=${run}`, run),
    { stdio: ["ignore", "pipe", "pipe"], detached: true },
  )
  let log = ""
  for (const stream of [qemu.stdout, qemu.stderr]) {
    stream.on("data", chunk => {
      log += chunk
      what.console?.(chunk)
    })
  }
  const kill = () => void qemu.kill("SIGKILL")
  const abandon = () => {
    kill()
    rmSync(run, { recursive: true, force: true })
  }
  process.on("exit", abandon)
  let late = false
  const timer = setTimeout(() => {
    late = true
    kill()
  }, what.limit * 1000)

  let status: number | undefined
  const control = listeners.get("control")!.socket
  const done: Promise<unknown>[] = [
    control.then(socket => {
      socket.write("ready\n")
      return lines(socket, line => {
        if (line.startsWith("exit ")) status = Number(line.slice(5))
      })
    }),
    listeners.get("input")!.socket.then(socket => void (what.input ? what.input.pipe(socket) : socket.end())),
    listeners.get("output")!.socket.then(socket => chunks(socket, what.output)),
    listeners.get("errors")!.socket.then(socket => chunks(socket, what.errors)),
    listeners.get("data")!.socket.then(socket => lines(socket, line => what.data?.(line))),
  ]
  const ended = new Promise<void>(resolve => {
    qemu.on("close", () => resolve())
    qemu.on("error", error => {
      log += `${error.message}\n`
      resolve()
    })
  }).then(async () => {
    clearTimeout(timer)
    process.off("exit", abandon)
    for (const { server, never } of listeners.values()) {
      server.close()
      never()
    }
    await Promise.all(done)
    rmSync(run, { recursive: true, force: true })
    const reason = status !== undefined ? "exit" : late ? "time limit" : "crash"
    return { reason, status: status ?? 1, console: log.replaceAll("\r", "") } as const
  })
  return { ended, kill, signal: name => void control.then(socket => socket.write(`${name}\n`)) }
}

/** The last lines of a console, from the first sign of trouble when there is one. */
export function consoleTail(text: string, count = 40): string {
  const all = text.trimEnd().split("\n")
  const trouble = all.findIndex(line => /\b(BUG:|Oops|Kernel panic|general protection)/.test(line))
  const from = trouble >= 0 ? Math.max(0, trouble - 2) : all.length - count
  return all.slice(Math.max(0, from)).slice(0, count).join("\n")
}

function qemuArguments(image: Image, line: string, run: string): string[] {
  return [
    "-nodefaults -no-user-config -no-reboot -display none -serial stdio".split(" "),
    "-machine q35 -accel tcg,thread=multi,tb-size=512 -cpu max -smp 2 -m 2048".split(" "),
    ["-kernel", image.kernel, "-initrd", join(run, "initramfs"), "-append", line],
    ["-fsdev", "local,id=host,path=/,security_model=none,readonly=on,multidevs=remap"],
    ["-device", "virtio-9p-pci,fsdev=host,mount_tag=host", "-device", "virtio-serial-pci"],
    ...ports.map((port, i) => [
      ...["-chardev", `socket,id=${port},path=${join(run, port)}`],
      ...["-device", `virtserialport,chardev=${port},name=${port},nr=${i + 1}`],
    ]),
  ].flat()
}

function commandFile(what: GuestCommand): string {
  const env: Record<string, string> = {}
  for (const [name, value] of Object.entries(process.env)) {
    if (/^(PATH|HOME|LANG|TERM|NO_COLOR|FORCE_COLOR|SKEP_.*)$/.test(name) && value !== undefined) env[name] = value
  }
  const set = Object.entries({ ...env, ...what.env }).map(([name, value]) => `export ${name}=${quote(value)}\n`)
  return `${set.join("")}cd ${quote(what.cwd ?? process.cwd())} || exit 1\nexec ${what.command.map(quote).join(" ")}\n`
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}

type Listener = { server: Server; socket: Promise<Socket>; never: () => void }

/** Waits on a socket file for QEMU, which connects once. `never` ends the wait for a QEMU that will not. */
async function listen(path: string): Promise<Listener> {
  const server = createServer()
  let never = () => {}
  const socket = new Promise<Socket>((resolve, reject) => {
    server.once("connection", resolve)
    never = () => reject(new Error("QEMU did not connect"))
  })
  socket.catch(() => {})
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(path, resolve))
  return { server, socket, never }
}

function chunks(socket: Socket, take: ((chunk: Buffer) => void) | undefined): Promise<void> {
  return new Promise(resolve => {
    socket.on("data", chunk => take?.(chunk as Buffer))
    socket.on("error", () => resolve())
    socket.on("close", () => resolve())
  })
}

async function lines(socket: Socket, take: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder()
  let rest = ""
  await chunks(socket, chunk => {
    const all = (rest + decoder.decode(chunk, { stream: true })).split("\n")
    rest = all.pop()!
    for (const line of all) take(line)
  })
  if (rest) take(rest)
}
