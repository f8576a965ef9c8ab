import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { needsRoot } from "./kernel.ts"

/** Reason to skip a test that traces a program made by gcc; false where it can run. */
export const needsGcc: string | false =
  needsRoot || (spawnSync("gcc", ["--version"], { stdio: "ignore" }).status === 0 ? false : "gcc is missing")

/**
 * A static probe as <sys/sdt.h> makes it, written out so that its arguments are known: STAP(provider, name, semaphore, "arguments").
 * `SEMAPHORE(name)` defines the counter that switches a probe on.
 */
const SDT = `
#define STAP(provider, name, semaphore, arguments) \\
  "990: nop\\n" \\
  ".pushsection .note.stapsdt,\\"\\",\\"note\\"\\n .balign 4\\n .4byte 992f-991f, 994f-993f, 3\\n" \\
  "991: .asciz \\"stapsdt\\"\\n 992: .balign 4\\n" \\
  "993: .8byte 990b, _.stapsdt.base, " #semaphore "\\n" \\
  ".asciz \\"" #provider "\\"\\n .asciz \\"" #name "\\"\\n .asciz \\"" arguments "\\"\\n" \\
  "994: .balign 4\\n .popsection\\n" \\
  ".ifndef _.stapsdt.base\\n .pushsection .stapsdt.base,\\"aG\\",\\"progbits\\",.stapsdt.base,comdat\\n" \\
  ".weak _.stapsdt.base\\n .hidden _.stapsdt.base\\n _.stapsdt.base: .space 1\\n .size _.stapsdt.base, 1\\n .popsection\\n .endif\\n"
#define SEMAPHORE(name) __attribute__((section(".probes"), used)) volatile unsigned short name
`

/** A program that does one step for each line that it reads, and answers with a line. */
const MAIN = `
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
${SDT}
static char *step(const char *line);
int main(void) {
  static char line[256];
  setvbuf(stdout, 0, _IOLBF, 0);
  puts("ready");
  while (fgets(line, sizeof line, stdin)) { line[strcspn(line, "\\n")] = 0; puts(step(line)); }
  return 0;
}
`

/** A program made of C text by gcc, in a folder of its own, gone with the test. */
export class TracedProgram implements Disposable {
  readonly path: string
  readonly folder = mkdtempSync(join(tmpdir(), "skep-traced-"))
  readonly #running: Running[] = []

  readonly #flags: readonly string[]
  readonly #compiler: string

  /** `text` defines `static char *step(const char *line)`. */
  constructor(text: string, flags: readonly string[] = [], name = "traced", compiler = "gcc") {
    this.path = join(this.folder, name)
    this.#flags = flags
    this.#compiler = compiler
    this.#build(text, this.path)
  }

  /** Makes it of another text, and writes it over the file that is there: path and inode stay. */
  rebuild(text: string): void {
    const made = `${this.path}.new`
    this.#build(text, made)
    writeFileSync(this.path, readFileSync(made))
  }

  #build(text: string, path: string): void {
    writeFileSync(`${path}.c`, `${MAIN}\n${text}\n`)
    const language = this.#compiler === "g++" ? "c++" : "c"
    const command = ["-w", "-O1", "-g0", "-x", language, "-o", path, `${path}.c`, ...this.#flags]
    execFileSync(this.#compiler, command, { stdio: "pipe" })
  }

  /** Starts it. */
  async start(command: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Running> {
    const running = new Running([...command, this.path], env)
    this.#running.push(running)
    await running.answer()
    return running
  }

  [Symbol.dispose](): void {
    for (const one of this.#running) one.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** A process that answers each line with a line. */
export class Running {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>

  constructor([command, ...args]: readonly string[], env: NodeJS.ProcessEnv) {
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, ...env } })
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]()
  }

  get pid(): number {
    return this.#child.pid as number
  }

  async step(line = ""): Promise<string> {
    this.#child.stdin?.write(`${line}\n`)
    return await this.answer()
  }

  async answer(): Promise<string> {
    const { value } = await this.#lines.next()
    return String(value)
  }

  /** Ends it; resolves when it is gone. */
  async end(): Promise<void> {
    const gone = new Promise(resolve => this.#child.once("exit", resolve))
    this.#child.stdin?.end()
    await gone
  }

  stop(): void {
    this.#child.stdin?.end()
    this.#child.kill("SIGKILL")
  }
}
