import { undoAll } from "../base/index.ts"
import { type BigColumn, Btf, type NumberColumn } from "../btf/index.ts"
import { used } from "../cache/index.ts"
import type { Histograms } from "../compiler/index.ts"
import type {
  AttachTarget,
  DeviceName,
  Link,
  Loaded,
  LoadedProgram,
  Machine,
  ProgramOptions,
  TraceOptions,
  TraceReader,
} from "../machine/index.ts"
import { type BpfObject, globalVariables, type MapSpec, type ProgramSpec } from "../object/index.ts"
import { syscallName } from "../symbols/index.ts"
import type { FileCoverage } from "../vm/index.ts"
import { attachAll } from "./attach/all.ts"
import { Cgroup } from "./attach/cgroup.ts"
import { placesHeld } from "./attach/count.ts"
import { type DetachOptions, linksThat } from "./attach/detach.ts"
import { type BpfIterator, iterate } from "./attach/iterator.ts"
import { attachKprobe } from "./attach/kprobe.ts"
import type {
  IterOptions,
  KprobeOptions,
  KretprobeOptions,
  PerfEventOptions,
  RawTracepointOptions,
  TracepointOptions,
  TypedOptions,
} from "./attach/options.ts"
import { attachPerfEvent } from "./attach/perfEvent.ts"
import { attachFreplace, type FreplaceOptions } from "./attach/replace.ts"
import { SockmapPlace } from "./attach/sockmap.ts"
import { attachRawTracepoint, attachTracepoint } from "./attach/tracepoint.ts"
import { attachTo, attachTyped } from "./attach/typed.ts"
import { PlaceCounts } from "./coverage.ts"
import { disassembleInsns, disassembleMachineCode } from "./disassemble.ts"
import { closed, noFunction, noTable, otherTable } from "./errors.ts"
import {
  type EventBatch,
  type EventCallback,
  type EventStream,
  type EventStreamOptions,
  type EventSubscription,
  Events,
  type PerfBufferOptions,
} from "./events/index.ts"
import { compileCounting, type LoadedProgram as LoadedObject, loadCounting } from "./events/loadCounting.ts"
import { GlobalAccess, loadedMemory } from "./globals.ts"
import type { Compiled } from "./load.ts"
import { machineOf } from "./machine.ts"
import { type BpfMap, createMap, type Table } from "./maps/index.ts"
import { mapLayout } from "./maps/layout.ts"
import { descriptorOf } from "./network/descriptor.ts"
import { indexOfDevice } from "./network/device.ts"
import type {
  AttachXdpOptions,
  NetfilterOptions,
  NetnsOptions,
  RouteOptions,
  SocketFilterOptions,
} from "./network/options.ts"
import { RawSocket } from "./network/socket.ts"
import { TrafficControl } from "./network/tc.ts"
import { Xdp } from "./network/xdp.ts"
import { tellWhere } from "./notice.ts"
import type { ObjectFile, ObjectOptions } from "./objects/options.ts"
import { readObject } from "./objects/read.ts"
import { OpenedProgram } from "./open.ts"
import type { LoadOptions } from "./options.ts"
import type {
  AnyName,
  AnyProgram,
  EventName,
  FunctionName,
  GlobalName,
  ProgramTypes,
  TableName,
  TableOf,
  WithFunction,
} from "./programTypes.ts"
import { printTrace, type TracePrintOptions } from "./trace.ts"
import type { UprobeOptions, UsdtOptions } from "./user/options.ts"
import { ksym, ksymName, rememberProcess, type SymOptions, sym } from "./user/symbols.ts"
import { attachUprobe } from "./user/uprobe.ts"
import { enableUsdt, planUsdt } from "./user/usdt.ts"

/**
 * A program in the kernel, with its tables, its attachments and its output.
 *
 *     using b = await BPF.load({ text: prog })
 *     b.attachKprobe({ event: b.syscallName("clone"), fn: "hello" })
 *     for await (const e of b.trace()) console.log(e.task, e.pid, e.message)
 *
 * Whatever it put into the kernel is gone when it is disposed, and when the process ends in any way.
 */
export class BPF<P extends ProgramTypes = AnyProgram> implements Disposable, AsyncDisposable {
  /** The compiled program: its instructions, maps, and types. */
  readonly object: BpfObject
  /** What the compiler warned of, each as text with its place; empty for an object that was compiled before. */
  readonly warnings: readonly string[]
  /** Tables that the text declares as histograms (`BPF_HISTOGRAM`), and what their slots are. */
  readonly histograms: Histograms
  readonly #coverage: PlaceCounts | undefined
  readonly #machine: Machine
  readonly #loaded: Loaded
  readonly #notes: readonly string[]
  readonly #btf: Btf | undefined
  readonly #tables = new Map<string, BpfMap>()
  #globals: GlobalAccess | undefined
  readonly #readers = new Set<{ close(): void }>()
  readonly #events: Events
  readonly #function = (fn: string, options: ProgramOptions): LoadedProgram => this.program(fn, options)
  #open = true

  private constructor(
    { object, warnings, histograms, counted }: Compiled,
    machine: Machine,
    loaded: Loaded,
    notes: readonly string[],
  ) {
    this.object = object
    this.warnings = warnings
    this.histograms = histograms
    this.#machine = machine
    this.#loaded = loaded
    const counts = counted && loaded.maps.get(counted.map)
    this.#coverage = counts && new PlaceCounts(counted, counts)
    this.#notes = notes
    this.#btf = object.btf.length > 0 ? Btf.parse(object.btf) : undefined
    this.#events = new Events(loaded, this.#btf)
  }

  /**
   * Compiles a program, loads it, and attaches what its functions' names say (`kprobe__…`, `kretprobe__…`, `tracepoint__…`,
   * `TRACEPOINT_PROBE`, `raw_tracepoint__…`). After an error nothing is left in the kernel. Where this process may not use bpf(2), the program is loaded
   * into the embedded machine, for trial runs ({@link BPF.on}); what only the kernel has is refused as the kernel does (`KERNEL_NO_PERMISSION`).
   *
   * @throws SkepError of the compiler (C_…, BCC_…, IR_…, CODEGEN_…), KERNEL_VERIFIER with the verifier's whole log, KERNEL_NO_PERMISSION,
   *   BPF_OPTION, BPF_FILE, or what attaching throws
   */
  static async load<P extends ProgramTypes = AnyProgram>(options: LoadOptions<P>): Promise<BPF<P>> {
    const usdt = planUsdt(options?.usdt ?? [])
    const machine = await machineOf(options ?? {})
    const compiled = await compileCounting(options, usdt.text)
    return BPF.#start<P>(loadCounting(compiled, options, machine), machine, options, usdt)
  }

  /**
   * Compiles a program and leaves it to {@link OpenedProgram.load} to load it, so that constants and the sizes of tables
   * can be set when it is known what the program has. @throws SkepError as load does
   */
  static async open<P extends ProgramTypes = AnyProgram>(options: LoadOptions<P>): Promise<OpenedProgram<P>> {
    const usdt = planUsdt(options?.usdt ?? [])
    const compiled = await compileCounting(options, usdt.text)
    const machine = await machineOf(options)
    return new OpenedProgram<P>(compiled.compiled.object, adapted => {
      return BPF.#start<P>(loadCounting(compiled, options, machine, adapted), machine, options, usdt)
    })
  }

  /**
   * Loads an object that clang, bpftool or skep made, and attaches what its sections say; several are linked first. Fields of the kernel's
   * types, its configuration, variables and functions are filled in for the running kernel.
   *
   *     using b = await BPF.fromObject("slow.bpf.o", { globals: { threshold: 5 }, maxEntries: { starts: 100_000 } })
   *
   * @throws SkepError OBJECT_…, CORE_…, BPF_FILE, and what load does
   */
  static async fromObject<P extends ProgramTypes = AnyProgram>(
    files: ObjectFile | readonly ObjectFile[],
    options: ObjectOptions<P> = {},
  ): Promise<BPF<P>> {
    return BPF.load<P>({ ...options, object: readObject(files) })
  }

  static #start<P extends ProgramTypes>(
    { compiled, loaded, notes }: LoadedObject,
    machine: Machine,
    options: LoadOptions,
    usdt: ReturnType<typeof planUsdt>,
  ): BPF<P> {
    try {
      const bpf = new BPF<P>(compiled, machine, loaded, notes)
      if (options.autoAttach !== false) {
        bpf.attachAll()
        for (const { fn, target } of usdt.targets) bpf.program(fn, { type: "kprobe" }).attach(target)
      }
      used.add(machine.name === "vm" ? "vm" : "load")
      tellWhere(options)
      return bpf
    } catch (error) {
      loaded.abandon()
      throw error
    }
  }

  /** The kernel's function behind a system call: `clone` is `__x64_sys_clone`. */
  static syscallName(name: string): string {
    return syscallName(name)
  }

  /** The kernel's function behind a system call: `clone` is `__x64_sys_clone`. */
  syscallName(name: string): string {
    return syscallName(name)
  }

  /** The functions that can be attached or run. */
  get programs(): readonly ProgramSpec[] {
    return this.object.programs
  }

  /** The tables; global variables are not among them. */
  get maps(): readonly MapSpec[] {
    return this.object.maps.filter(map => !map.name.startsWith(".") && map.drops === undefined)
  }

  /**
   * The program's global variables: `b.globals.threshold = 5`. They are read and written in the memory that the program
   * uses (Linux 5.5). Constants are set before the program is loaded: `BPF.load({ …, globals })` or {@link BPF.open}.
   * What is read is a copy, and structs are frozen: assign a whole one to change a member.
   * @throws SkepError BPF_NO_GLOBAL, BPF_GLOBAL_READ_ONLY, BTF_VALUE_… from assignments
   */
  get globals(): P["globals"] {
    return this.#globalAccess().values
  }

  /**
   * A global variable that is an integer or an array of them, as a typed array over the memory that the program uses: it
   * changes as the program runs, and is read without system calls. It stays good after the program is closed. Linux 5.5.
   * @throws SkepError BPF_NO_GLOBAL, BPF_NOT_MAPPED
   */
  liveGlobal<T extends NumberColumn | BigColumn = NumberColumn | BigColumn>(name: GlobalName<P>): T {
    return this.#globalAccess().live(name) as T
  }

  #globalAccess(): GlobalAccess {
    this.#check()
    this.#globals ??= new GlobalAccess(
      globalVariables(this.object, this.#btf),
      this.#btf,
      loadedMemory(this.#loaded.maps),
    )
    return this.#globals
  }

  /**
   * Where it runs: in this computer's kernel, or on the embedded machine, which takes the kernel's place where this process may not use bpf(2) and the
   * program's options do not say `on`. Node warns once of that (`SKEP_EMBEDDED`).
   */
  get on(): "kernel" | "vm" {
    return this.#machine.name === "vm" ? "vm" : "kernel"
  }

  /**
   * How often lines, functions and branches ran so far, by file, of a program that was loaded with `coverage`; empty for others. Lines are counted as gcov counts
   * them for gcc -O0, of code that is optimised. The last counts stay when the program is closed.
   */
  coverage(): FileCoverage[] {
    return this.#coverage?.files() ?? []
  }

  /** The attachments in force. */
  get links(): ReadonlySet<Link> {
    return this.#loaded.links
  }

  /** What the kernel could not do, but skep did without. */
  get notes(): readonly string[] {
    return [...this.#notes, ...this.#loaded.notes]
  }

  /**
   * A table by its name; asking again gives the same one. Its class is that of the map's type. With a class it is checked
   * and known to the compiler: `b.table("counts", PerCpuArray<bigint>)`.
   * @throws SkepError BPF_NO_TABLE; BPF_OTHER_TABLE where the map is of another type than the class
   */
  // biome-ignore lint/suspicious/noExplicitAny: see Table.
  table<K = any, V = any>(name: AnyName<P>): Table<K, V>
  // biome-ignore lint/suspicious/noExplicitAny: any class of maps.
  table<C extends abstract new (...args: any[]) => BpfMap>(name: TableName<P>, kind: C): InstanceType<C>
  table<N extends TableName<P>>(name: N): TableOf<P, N>
  table(name: string, kind?: abstract new (...args: never[]) => BpfMap): BpfMap {
    const table = this.#map(name)
    if (kind !== undefined && !(table instanceof kind)) throw otherTable(name, table, kind.name)
    return table
  }

  #map(name: string): BpfMap {
    this.#check()
    let table = this.#tables.get(name)
    if (table === undefined) {
      const map = this.#loaded.maps.get(name)
      if (map === undefined) {
        throw noTable(
          name,
          this.maps.map(m => m.name),
        )
      }
      table = createMap(map, {
        btf: this.#btf,
        program: fn => this.program(fn).fd,
        device: device => indexOfDevice(this.#machine.network, device),
      })
      this.#tables.set(name, table)
    }
    return table
  }

  /**
   * A function of the program in the kernel, loaded now if it is not yet; `options.type` says what it is where its name does not.
   * @throws SkepError BPF_NO_FUNCTION, MACHINE_NO_TYPE, KERNEL_VERIFIER
   */
  program(fn: FunctionName<P>, options: ProgramOptions = {}): LoadedProgram {
    this.#check()
    if (!this.programs.some(p => p.name === fn)) {
      throw noFunction(
        fn,
        this.programs.map(p => p.name),
      )
    }
    return this.#loaded.program(fn, options)
  }

  /**
   * The code of a function in the kernel: the instructions that the verifier left, or with `jited` machine code. Linux 4.13.
   * @throws SkepError BPF_NO_FUNCTION, MACHINE_NO_TYPE, KERNEL_VERIFIER, KERNEL_NO_CODE
   */
  dumpFunc(fn: FunctionName<P>, form: "xlated" | "jited" = "xlated"): Uint8Array {
    return this.program(fn).code(form)
  }

  /**
   * The code of a function in the kernel as text: the instructions that the verifier left, or with `jited` machine code (of x86-64), with the names of the
   * kernel's functions that it calls. @throws SkepError as dumpFunc does, MACHINE_UNSUPPORTED on another processor
   */
  disassembleFunc(fn: FunctionName<P>, form: "xlated" | "jited" = "xlated"): string {
    return form === "jited" ? disassembleMachineCode(this.program(fn)) : disassembleInsns(this.dumpFunc(fn))
  }

  /** What the keys and values of a table look like, in C; with `sizes` also where members are. @throws SkepError BPF_NO_TABLE */
  decodeTable(name: TableName<P>, { sizes = false }: { readonly sizes?: boolean } = {}): string {
    return mapLayout(this.#map(name).map.spec, this.#btf, sizes)
  }

  /**
   * Runs `fn` at each call of a kernel function, or of all whose names match `eventRe` (one link: kprobe.multi on Linux 5.18, else a probe each).
   * @throws SkepError BPF_NO_FUNCTION, BPF_EVENT, BPF_OPTION, KERNEL_NO_SYMBOL, KERNEL_NO_KPROBES, KERNEL_KPROBE_REFUSED, …
   */
  attachKprobe(options: WithFunction<KprobeOptions, P>): Link {
    return attachKprobe("kprobe", options, this.#function)
  }

  /** Runs `fn` at each return of a kernel function, or of all that match. @throws SkepError as attachKprobe does */
  attachKretprobe(options: WithFunction<KretprobeOptions, P>): Link {
    return attachKprobe("kretprobe", options, this.#function)
  }

  /** Runs `fn` at a tracepoint, or at all that match. @throws SkepError BPF_NO_FUNCTION, BPF_EVENT, KERNEL_NO_TRACEPOINT, … */
  attachTracepoint(options: WithFunction<TracepointOptions, P>): Link {
    return attachTracepoint(options, this.#function)
  }

  /** Runs `fn` at a raw tracepoint: its arguments are the kernel's own. Linux 4.17. @throws SkepError as attachTracepoint does */
  attachRawTracepoint(options: WithFunction<RawTracepointOptions, P>): Link {
    return attachRawTracepoint(options, this.#function)
  }

  /** Runs `fn` at a tracepoint whose arguments have types. Linux 5.5. @throws SkepError KERNEL_NO_TRACEPOINT, KERNEL_VERIFIER */
  attachTpBtf(options: WithFunction<TypedOptions, P>): Link {
    return attachTyped("tp_btf", options, this.#function)
  }

  /** Runs `fn` at the entry of a kernel function, with its typed arguments. Linux 5.5. @throws SkepError KERNEL_NO_FUNCTION, KERNEL_VERIFIER */
  attachFentry(options: WithFunction<TypedOptions, P>): Link {
    return attachTyped("fentry", options, this.#function)
  }

  /** Runs `fn` at the return of a kernel function, with its arguments and its result. Linux 5.5. @throws SkepError as attachFentry does */
  attachFexit(options: WithFunction<TypedOptions, P>): Link {
    return attachTyped("fexit", options, this.#function)
  }

  /** Runs `fn` before a kernel function that allows it; a result other than 0 takes the function's place. Linux 5.7. @throws SkepError as attachFentry does */
  attachFmodRet(options: WithFunction<TypedOptions, P>): Link {
    return attachTyped("fmod_ret", options, this.#function)
  }

  /** Runs `fn` at a hook of the security modules, which it may refuse. Linux 5.7. @throws SkepError as attachFentry does */
  attachLsm(options: WithFunction<TypedOptions, P>): Link {
    return attachTyped("lsm", options, this.#function)
  }

  /**
   * Runs `fn` each time a counter has gone on by a period: on every CPU that runs, or for a process, a CPU, a group. Linux 4.9.
   * @throws SkepError BPF_OPTION, KERNEL_NO_PERF_EVENT, KERNEL_NO_PERMISSION
   */
  attachPerfEvent(options: WithFunction<PerfEventOptions, P>): Link {
    return attachPerfEvent(options, this.#function)
  }

  /**
   * Attaches `fn` to a place of any kind; without a target to the one that its name or section says.
   * @throws SkepError BPF_NO_FUNCTION, MACHINE_NO_TARGET, KERNEL_ATTACH_TYPE, and what the kind's own method does
   */
  attach(fn: FunctionName<P>, target?: AttachTarget): Link {
    return attachTo(fn, target, this.#function)
  }

  /**
   * An iterator by its function's name or by its kind, and what it is to visit. Nothing runs until it is read. Linux 5.8.
   * @throws SkepError BPF_NO_FUNCTION, KERNEL_VERIFIER
   */
  iter(name: string, options: IterOptions = {}): BpfIterator {
    return iterate(name, options, this.programs, fn => this.program(fn), this.#btf)
  }

  /** Number of kernel functions that are probed. */
  get numOpenKprobes(): number {
    return placesHeld(this.links, /^k(ret)?probe/)
  }

  /** Number of attachments to functions of programs and libraries, and to their static probes. */
  get numOpenUprobes(): number {
    return placesHeld(this.links, /^(u(ret)?probe|usdt)/)
  }

  /** Number of tracepoints that are attached to. */
  get numOpenTracepoints(): number {
    return placesHeld(this.links, /^tracepoint/)
  }

  /**
   * Runs `fn` at each call of a function of a program or library, in all processes or in one.
   * @throws SkepError BPF_NO_FUNCTION, BPF_OPTION, SYMBOLS_NO_FILE, SYMBOLS_NO_FUNCTION, KERNEL_NO_UPROBES, KERNEL_UPROBE_REFUSED
   */
  attachUprobe(options: WithFunction<UprobeOptions, P>): Link {
    return attachUprobe("uprobe", options, (fn, how) => this.program(fn, how))
  }

  /** Runs `fn` at each return of a function of a program or library. @throws SkepError as attachUprobe does */
  attachUretprobe(options: WithFunction<UprobeOptions, P>): Link {
    return attachUprobe("uretprobe", options, (fn, how) => this.program(fn, how))
  }

  /**
   * Runs `fn` at a static probe (USDT); a link for each file that has it. A program that reads arguments by `bpf_usdt_readarg` is compiled
   * with them: give the probe to {@link BPF.load} as `usdt`.
   * @throws SkepError BPF_NO_FUNCTION, BPF_OPTION, SYMBOLS_NO_USDT, SYMBOLS_NO_FILE, KERNEL_NO_UPROBES
   */
  enableUsdt(options: WithFunction<UsdtOptions, P>): Link[] {
    return enableUsdt(options, (fn, how) => this.program(fn, how))
  }

  /**
   * The function that an address of a process is in, as text: `malloc`, with `module` and `offset` `malloc+0x1b [libc.so.6]`, and `[unknown]` where it
   * is not known. A pid below 0 means the kernel. What ran in a process that has ended is known if {@link BPF.remember} saw it before.
   */
  sym(address: bigint | number, pid: number, options?: SymOptions): string {
    return sym(address, pid, options)
  }

  /** The function of the kernel, of a module or of a BPF program that an address is in, as text. @throws SkepError SYMBOLS_UNREADABLE */
  ksym(address: bigint | number, options?: SymOptions): string {
    return ksym(address, options, this.#machine.symbols)
  }

  /** Address of a symbol of the kernel; undefined when there is none, or the kernel hides it. @throws SkepError SYMBOLS_UNREADABLE */
  ksymName(name: string): bigint | undefined {
    const { symbols } = this.#machine
    return symbols === undefined ? ksymName(name) : symbols.address(name)
  }

  /** Keeps what a process has mapped, so that its addresses are found when it has ended. False when it is gone already. */
  remember(pid: number): boolean {
    return rememberProcess(pid)
  }

  /** Traffic control of a device: `b.tc("eth0").ingress.attach("drop_some", { prio: 1 })`. */
  tc(device: DeviceName): TrafficControl<FunctionName<P>> {
    this.#check()
    return new TrafficControl(this, this.#machine.network, device)
  }

  /** XDP of a device: `b.xdp("eth0").attach("drop", { mode: "generic" })`. */
  xdp(device: DeviceName): Xdp<FunctionName<P>> {
    this.#check()
    return new Xdp(this, this.#machine.network, device)
  }

  /** A raw socket on a device, or on all. @throws SkepError KERNEL_NO_DEVICE, KERNEL_NO_PERMISSION (CAP_NET_RAW) */
  socket(device?: DeviceName, options: { readonly snapLength?: number } = {}): RawSocket<FunctionName<P>> {
    this.#check()
    const reader = this.#machine.network.packets({ ...options, device })
    this.#readers.add(reader)
    return new RawSocket(this, reader)
  }

  /** Puts `fn` on a device, as {@link xdp} does. */
  attachXdp({ fn, device, mode }: WithFunction<AttachXdpOptions, P>): Link {
    return this.xdp(device).attach(fn, { mode })
  }

  /** Takes the XDP program off a device, whoever put it there. @throws SkepError NETLINK_REFUSED where a link holds it */
  removeXdp(device: DeviceName): void {
    this.xdp(device).remove()
  }

  /** A raw socket that takes the packets `fn` lets pass, as {@link socket} does. */
  attachRawSocket({ fn, device }: WithFunction<{ readonly device?: DeviceName }, P>): RawSocket<FunctionName<P>> {
    const socket = this.socket(device)
    socket.attach(fn)
    return socket
  }

  /** Lets only those packets come to a socket that `fn` lets pass. @throws SkepError BPF_OPTION, KERNEL_NO_SOCKET */
  attachSocketFilter({ fn, socket }: WithFunction<SocketFilterOptions, P>): Link {
    return this.program(fn, { type: "socket_filter" }).attach({ kind: "socket", fd: descriptorOf(socket) })
  }

  /**
   * Lets `fn` choose among the sockets that share a port (SO_REUSEPORT); `socket` is any of them. It is loaded as sk_reuseport (Linux 4.19),
   * unless it was loaded as a socket filter before: that one returns the number of a socket (Linux 4.5).
   * @throws SkepError BPF_OPTION, KERNEL_NO_SOCKET
   */
  attachReuseport({ fn, socket }: WithFunction<SocketFilterOptions, P>): Link {
    const loaded = this.#loaded.programs.get(fn)
    return (loaded ?? this.program(fn, { type: "sk_reuseport" })).attach({
      kind: "reuseport",
      fd: descriptorOf(socket),
    })
  }

  /** Lets `fn` choose the socket that takes a connection or datagram in a network namespace (Linux 5.9). @throws SkepError KERNEL_NO_NETNS, KERNEL_NO_ATTACH */
  attachSkLookup({ fn, netns }: WithFunction<NetnsOptions, P>): Link {
    return this.program(fn, { type: "sk_lookup" }).attach({ kind: "sk_lookup", netns })
  }

  /** Lets `fn` take packets' headers apart in a network namespace (Linux 5.8). @throws SkepError KERNEL_NO_NETNS, KERNEL_NO_ATTACH */
  attachFlowDissector({ fn, netns }: WithFunction<NetnsOptions, P>): Link {
    return this.program(fn, { type: "flow_dissector" }).attach({ kind: "flow_dissector", netns })
  }

  /** Runs `fn` at a hook of netfilter; its result is the verdict, `NF_DROP` 0 or `NF_ACCEPT` 1 (Linux 6.4). @throws SkepError KERNEL_NO_ATTACH */
  attachNetfilter({ fn, ...where }: WithFunction<NetfilterOptions, P>): Link {
    return this.program(fn, { type: "netfilter" }).attach({ kind: "netfilter", ...where })
  }

  /** Makes a route whose packets run `fn`, and which goes with the link (Linux 4.10). @throws SkepError KERNEL_BAD_ADDRESS, KERNEL_NO_DEVICE, NETLINK_REFUSED */
  attachRoute({ fn, hook = "xmit", ...where }: WithFunction<RouteOptions, P>): Link {
    return this.program(fn, { type: `lwt_${hook}` }).attach({ kind: "route", ...where })
  }

  /** A control group (cgroup2) by its folder, to attach to: `b.cgroup("/sys/fs/cgroup/web").attach(fn, { hook: "egress" })`. Linux 4.10. */
  cgroup(path: string): Cgroup<FunctionName<P>> {
    return new Cgroup(path, this)
  }

  /** A map of sockets (`BPF_SOCKMAP`, `BPF_SOCKHASH`) to attach to: `b.sockmap("sockets").attach(fn, { hook: "stream_verdict" })`. Linux 4.14. */
  sockmap(name: TableName<P>): SockmapPlace<FunctionName<P>> {
    return new SockmapPlace(this.#map(name).map, this)
  }

  /**
   * Puts a function in the place of a global function of another loaded program (`freplace`, Linux 5.6).
   * @throws SkepError BPF_NO_FUNCTION, BPF_OPTION, KERNEL_NO_TARGET, KERNEL_VERIFIER, KERNEL_NO_PERMISSION
   */
  attachFreplace(options: WithFunction<FreplaceOptions, P>): Link {
    return attachFreplace(this, options)
  }

  /**
   * Hands a table of operations (`SEC(".struct_ops") struct tcp_congestion_ops mine = { … }`) to the kernel by the variable's name. Those in
   * `.struct_ops.link` get a link that can be pinned (Linux 6.4). Loading does so by itself, unless `autoAttach` is false: then this is the link there is.
   * @throws SkepError MACHINE_NO_MAP, KERNEL_NO_STRUCT_OPS, KERNEL_STRUCT_OPS_REFUSED, KERNEL_NO_PERMISSION
   */
  attachStructOps(name: string): Link {
    this.#check()
    const there = [...this.links].find(({ target }) => target.kind === "struct_ops" && target.map === name)
    return there ?? this.#loaded.attachOperations(name)
  }

  /**
   * Ends the attachments that the options mean, and says how many: `b.detach({ kind: "kprobe", event: "vfs_read" })`. A link ends its own by
   * `link.detach()`.
   */
  detach(options: DetachOptions): number {
    const links = linksThat(this.links, options)
    for (const link of links) link.detach()
    return links.length
  }

  /**
   * Attaches every function whose section or name says where, and every table of operations, as loading does: all but those that are switched
   * off (`SEC("?…")`), that need a control group, a device or another program, and iterators. After an error none of them is attached.
   */
  attachAll(): Link[] {
    const tables = this.object.maps.filter(({ structOps }) => structOps !== undefined && structOps.autoload !== false)
    return attachAll(
      this.programs,
      fn => this.program(fn as FunctionName<P>).attach(),
      tables.map(table => () => this.attachStructOps(table.name)),
    )
  }

  /** Detaches everything; the program and its tables stay. */
  detachAll(): void {
    undoAll([...this.links].reverse().map(link => () => link.detach()))
  }

  /**
   * What programs print with `bpf_trace_printk`, from now on. The kernel has one such stream for all its programs.
   * @throws SkepError KERNEL_NO_TRACEFS, KERNEL_NO_PERMISSION, KERNEL_TRACE_BUSY, KERNEL_TRACE_OFF
   */
  trace(options: TraceOptions = {}): TraceReader {
    this.#check()
    const reader = this.#machine.trace(options)
    this.#readers.add(reader)
    return reader
  }

  /**
   * Writes what programs print to standard output, line by line, until `signal` ends it or the program is closed.
   *
   *     await b.tracePrint({ format: ({ task, pid, message }) => `${task} ${pid} ${message}` })
   *
   * @throws SkepError as trace does
   */
  tracePrint({ pid, ...options }: TracePrintOptions = {}): Promise<void> {
    return printTrace(this.trace({ pid }), options)
  }

  /**
   * The events that the program sends through a perf buffer or a ring buffer, as an async iterator of objects by the type that it submits.
   * @throws SkepError BPF_NO_TABLE, BPF_NO_EVENTS, BPF_NO_EVENT_TYPE, KERNEL_BUFFER_SIZE, KERNEL_NO_PERMISSION
   */
  // biome-ignore lint/suspicious/noExplicitAny: see Table.
  events<T = any>(name: AnyName<P>, options?: EventStreamOptions): EventStream<T>
  events(name: EventName<P>, options: EventStreamOptions & { readonly raw: true }): EventStream<Uint8Array>
  // biome-ignore lint/suspicious/noExplicitAny: a type by its name in C.
  events<T = any>(name: EventName<P>, options: EventStreamOptions & { readonly type: string }): EventStream<T>
  events<N extends EventName<P>>(name: N, options?: EventStreamOptions): EventStream<P["events"][N]>
  events<T>(name: string, options: EventStreamOptions = {}): EventStream<T> {
    this.#check()
    return this.#events.stream(name, options)
  }

  /** The same in batches, the fast way: `take` is called from the event loop, with an object that is used again. @throws SkepError as events does */
  // biome-ignore lint/suspicious/noExplicitAny: see Table.
  onEvents<T = any>(
    name: AnyName<P>,
    take: (batch: EventBatch<T>) => void,
    options?: EventStreamOptions,
  ): EventSubscription<T>
  onEvents<N extends EventName<P>>(
    name: N,
    take: (batch: EventBatch<P["events"][N]>) => void,
    options?: EventStreamOptions,
  ): EventSubscription<P["events"][N]>
  onEvents<T>(
    name: string,
    take: (batch: EventBatch<T>) => void,
    options: EventStreamOptions = {},
  ): EventSubscription<T> {
    this.#check()
    return this.#events.subscribe(name, take, options)
  }

  /** Names of the maps through which the program sends events. */
  get eventNames(): readonly string[] {
    return this.#events.names
  }

  /** Events lost of each stream that was opened; streams that lost none are left out. */
  get lostEvents(): ReadonlyMap<string, number> {
    return this.#events.lost
  }

  /** BCC's `open_perf_buffer`: calls back for each event when {@link perfBufferPoll} or {@link perfBufferConsume} is called. */
  openPerfBuffer(name: EventName<P>, callback: EventCallback, options: PerfBufferOptions = {}): void {
    this.#check()
    this.#events.openPerfBuffer(name, callback, options)
  }

  /** Waits for events of the perf buffers that are open, for `timeout` milliseconds at most; the number that were called back for. */
  perfBufferPoll(timeout?: number): Promise<number> {
    this.#check()
    return this.#events.perfBuffers.poll(timeout)
  }

  /** Calls back for the events that are there, without waiting; their number. */
  perfBufferConsume(): number {
    this.#check()
    return this.#events.perfBuffers.consume()
  }

  /** BCC's `open_ring_buffer`: calls back for each event when {@link ringBufferPoll} or {@link ringBufferConsume} is called. */
  openRingBuffer(name: EventName<P>, callback: EventCallback): void {
    this.#check()
    this.#events.openRingBuffer(name, callback)
  }

  /** Waits for events of the ring buffers that are open, for `timeout` milliseconds at most; the number that were called back for. */
  ringBufferPoll(timeout?: number): Promise<number> {
    this.#check()
    return this.#events.ringBuffers.poll(timeout)
  }

  /** Calls back for the events that are there, without waiting; their number. */
  ringBufferConsume(): number {
    this.#check()
    return this.#events.ringBuffers.consume()
  }

  [Symbol.dispose](): void {
    if (!this.#open) return
    this.#open = false
    this.#coverage?.end()
    const readers = Array.from(this.#readers, reader => () => reader.close())
    undoAll([...readers, () => this.#events.close(), () => this.#loaded[Symbol.dispose]()])
  }

  [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]()
    return Promise.resolve()
  }

  /** Detaches everything and frees the program and its tables; the same as leaving the block of a `using`. */
  close(): void {
    this[Symbol.dispose]()
  }

  #check(): void {
    if (!this.#open) throw closed()
  }
}
