import { SkepError } from "../base/index.ts"
import { BPF, type LoadOptions } from "../bpf/index.ts"
import type { DeviceName, LoadedProgram, Machine, ProgramOptions, TestRunInput } from "../machine/index.ts"
import { PacketBuilder } from "../packets/index.ts"
import {
  type Passage,
  VirtualMachine,
  type VirtualMachineOptions,
  type VmNetwork,
  verdictKind,
  verdictOf,
} from "../vm/index.ts"
import { type ContextInput, contextBytes } from "./context.ts"
import { type Counting, countedProgram } from "./counted.ts"
import { testMachine } from "./machine.ts"

/** What a program under test is made of: what `BPF.load` takes, and how the embedded machine is made. */
export interface TestProgramOptions extends Omit<LoadOptions, "on" | "machine" | "autoAttach"> {
  /** For the embedded machine: environment, kernel version, budget. */
  readonly vm?: VirtualMachineOptions
}

/** What a function is run on. */
export interface RunInput extends Omit<TestRunInput, "data" | "context">, ProgramOptions {
  /** The packet, for programs that see one. */
  readonly packet?: Uint8Array | PacketBuilder
  /** Members of the context by name (`{ mark: 7 }`), its bytes, or the arguments of a raw tracepoint. */
  readonly context?: ContextInput
}

/** What a run left. */
export interface RunResult {
  /** What the program returned, as 32 bits without a sign. */
  readonly retval: number
  /** What it means for a packet: `pass`, `drop`, `tx`, … for XDP, `ok`, `shot`, … for tc; undefined for programs without verdicts. */
  readonly verdict: string | undefined
  /** The packet as the program left it; empty where there is none. */
  readonly packet: Uint8Array
  /** The context as it left it; empty where there is none. */
  readonly context: Uint8Array
}

/** A program under test: compiled, loaded, and attached nowhere. */
export class TestProgram implements Disposable {
  /** The program with its tables, globals, events and output. */
  readonly bpf: BPF
  readonly #counting: Counting | undefined
  readonly #machine: Machine

  /** @internal */
  constructor(bpf: BPF, machine: Machine, counting?: Counting) {
    this.bpf = bpf
    this.#machine = machine
    this.#counting = counting
  }

  /** A function, loaded now if it is not yet. @throws SkepError BPF_NO_FUNCTION, KERNEL_VERIFIER, VM_VERIFIER */
  program(fn: string, options?: ProgramOptions): LoadedProgram {
    return this.bpf.program(fn, options)
  }

  /**
   * Runs a function once, as the kernel's BPF_PROG_TEST_RUN does: `t.run("filter", { packet: ethernet().ipv4().udp() })`.
   * @throws SkepError BPF_NO_FUNCTION, MACHINE_NO_TYPE, MACHINE_NO_TEST_RUN, TEST_CONTEXT, and what loading throws
   */
  run(fn: string, input: RunInput = {}): RunResult {
    const { packet, context, repeat, dataRoom, cpu, ...options } = input
    const program = this.program(fn, options)
    const { retval, ...left } = program.testRun({
      data: packet && bytesOf(packet),
      context: context === undefined ? undefined : contextBytes(program.type, context),
      repeat,
      dataRoom,
      cpu,
    })
    this.#counting?.changed()
    const kind = verdictKind(program.type)
    const verdict = kind === undefined ? undefined : verdictOf(kind, retval | 0).name
    return { retval, verdict, packet: left.data, context: left.context }
  }

  /**
   * A frame comes in at a device of the embedded machine (`lo` and `eth0`, unless `vm` says what there is): the programs that are attached there see it
   * as in the kernel, and what they said and where it went is the result. `t.bpf.attachXdp({ fn: "drop", device: "eth0" }); t.receive("eth0", ethernet().ipv4().udp())`.
   * @throws SkepError TEST_NO_NETWORK, KERNEL_NO_DEVICE
   */
  receive(device: DeviceName, packet: Uint8Array | PacketBuilder): Passage {
    return this.#counted(this.#network().receive(device, bytesOf(packet)))
  }

  /** This computer sends a frame by a device of the embedded machine; as {@link receive}. @throws SkepError TEST_NO_NETWORK, KERNEL_NO_DEVICE */
  transmit(device: DeviceName, packet: Uint8Array | PacketBuilder): Passage {
    return this.#counted(this.#network().transmit(device, bytesOf(packet)))
  }

  #counted(passage: Passage): Passage {
    this.#counting?.changed()
    return passage
  }

  #network(): VmNetwork {
    if (this.#machine instanceof VirtualMachine) return this.#machine.network
    throw new SkepError({
      code: "TEST_NO_NETWORK",
      message: "packets come in at the devices of the embedded machine only, and this test runs in the kernel",
      hint: "run the test without SKEP_MACHINE=kernel, or send packets through a network namespace",
    })
  }

  /** Frees the program and its tables. */
  [Symbol.dispose](): void {
    this.#counting?.end()
    this.bpf[Symbol.dispose]()
  }
}

const bytesOf = (packet: Uint8Array | PacketBuilder): Uint8Array =>
  packet instanceof PacketBuilder ? packet.bytes() : packet

/**
 * Compiles and loads a program for a test, on the machine that `SKEP_MACHINE` names (`vm` without it), and attaches nothing.
 *
 *     using t = await testProgram({ file: "drop.c" })
 *     assert.equal(t.run("drop", { packet: ethernet().ipv4().udp({ destinationPort: 53 }) }).verdict, "drop")
 *
 * @throws SkepError as `BPF.load` does
 */
export async function testProgram(options: TestProgramOptions): Promise<TestProgram> {
  const { vm, ...load } = options
  const counted = await countedProgram(options)
  if (counted !== undefined) return counted
  const machine = testMachine(vm)
  return new TestProgram(await BPF.load({ ...load, machine, autoAttach: false }), machine)
}
