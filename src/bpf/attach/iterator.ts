import type { Btf } from "../../btf/index.ts"
import type { IterOutput, LoadedProgram } from "../../machine/index.ts"
import type { ProgramSpec } from "../../object/index.ts"
import { noFunction } from "../errors.ts"
import { codecOfType } from "../recordType.ts"
import type { IterOptions } from "./options.ts"

/**
 * An iterator of the program, which the kernel runs for each of its objects of a kind. As an async iterator it gives the lines that the program
 * prints; each loop is a new run.
 *
 *     for await (const line of b.iter("tasks")) console.log(line)
 *     for await (const task of b.iter("tasks").records<{ pid: number }>("struct task_info")) console.log(task.pid)
 */
export class BpfIterator implements AsyncIterable<string> {
  readonly #open: () => IterOutput
  readonly #btf: Btf | undefined

  constructor(open: () => IterOutput, btf: Btf | undefined) {
    this.#open = open
    this.#btf = btf
  }

  /** The lines of a run, without their ends (`bpf_seq_printf`). @throws SkepError KERNEL_ITERATOR, KERNEL_NO_PERMISSION */
  async *lines(): AsyncIterableIterator<string> {
    const decoder = new TextDecoder()
    let rest = ""
    for await (const chunk of this.chunks()) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n")
      rest = lines.pop() ?? ""
      yield* lines
    }
    rest += decoder.decode()
    if (rest !== "") yield rest
  }

  /**
   * The records of a run, where the program writes a value of one type again and again (`bpf_seq_write`). `type` is its name in the program:
   * `struct task_info`. Types stay in the program's type information that a table, a global variable that is used, or an argument of a function has.
   * @throws SkepError BPF_NO_TYPE, KERNEL_ITERATOR, BTF_VALUE_SHORT where the output does not end with a whole record
   */
  // biome-ignore lint/suspicious/noExplicitAny: the type is in the C text; who wants it checked names it.
  async *records<T = any>(type: string): AsyncIterableIterator<T> {
    const codec = codecOfType(this.#btf, type)
    let rest = new Uint8Array(0)
    for await (const chunk of this.chunks()) {
      const bytes = rest.length === 0 ? chunk : joined([rest, chunk])
      const whole = bytes.length - (bytes.length % codec.size)
      for (let at = 0; at < whole; at += codec.size) yield codec.decode(bytes, at, at + codec.size) as T
      rest = Uint8Array.from(bytes.subarray(whole))
    }
    if (rest.length > 0) codec.decode(rest)
  }

  /** The bytes of a run, as they come. @throws SkepError KERNEL_ITERATOR */
  async *chunks(): AsyncIterableIterator<Uint8Array> {
    using output = this.#open()
    for (let chunk = await output.read(); chunk !== undefined; chunk = await output.read()) yield chunk
  }

  /** The whole output of a run as text, at once. @throws SkepError KERNEL_ITERATOR */
  text(): string {
    using output = this.#open()
    const chunks: Uint8Array[] = []
    for (let chunk = output.readSync(); chunk !== undefined; chunk = output.readSync()) chunks.push(chunk)
    return new TextDecoder().decode(joined(chunks))
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<string> {
    return this.lines()
  }
}

/** The iterator of the program with a name, or of a kind: `iter("task")` where one function is `SEC("iter/task")`. */
export function iterate(
  name: string,
  options: IterOptions,
  programs: readonly ProgramSpec[],
  load: (fn: string) => LoadedProgram,
  btf: Btf | undefined,
): BpfIterator {
  const ofKind = programs.filter(({ attach }) => attach?.kind === "iter" && attach.event === name)
  const found = programs.find(program => program.name === name) ?? (ofKind.length === 1 ? ofKind[0] : undefined)
  if (found === undefined) {
    const iterators = programs.filter(({ attach }) => attach?.kind === "iter").map(program => program.name)
    throw noFunction(name, iterators)
  }
  const program = load(found.name)
  return new BpfIterator(() => program.iterate(options), btf)
}

/** The pieces as one. */
function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    out.set(piece, at)
    at += piece.length
  }
  return out
}
