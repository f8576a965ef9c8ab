import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { test } from "node:test"
import { COMMANDS } from "../../src/cli/commands.ts"

const PAGE = "docs/bcc-migration.md"

/** Every public name of BCC's Python API (bcc 0.26): classes, methods, functions, constants, and variables of the environment. */
const BCC = `
  src_file text hdr_file debug cflags usdt_contexts allow_rlimit device attach_usdt_ignore_pid
  DEBUG_LLVM_IR DEBUG_BPF DEBUG_PREPROCESSOR DEBUG_SOURCE DEBUG_BPF_REGISTER_STATE DEBUG_BTF
  load_func load_funcs BPF.Function funcs get_table len iter reducer
  attach_kprobe attach_kretprobe attach_tracepoint attach_raw_tracepoint attach_kfunc attach_kretfunc attach_fmod_ret attach_lsm
  attach_uprobe attach_uretprobe attach_perf_event attach_perf_event_raw attach_raw_socket attach_xdp remove_xdp attach_func
  detach_func detach_kprobe detach_kretprobe detach_tracepoint detach_raw_tracepoint detach_kfunc detach_kretfunc detach_fmod_ret
  detach_lsm detach_uprobe detach_uretprobe detach_perf_event detach_kprobe_event detach_kprobe_event_by_fn detach_uprobe_event
  perf_buffer_poll perf_buffer_consume kprobe_poll ring_buffer_poll ring_buffer_consume
  trace_open trace_readline trace_fields trace_print
  sym ksym ksymname add_module get_syscall_fnname get_syscall_prefix fix_syscall_fnname
  get_kprobe_functions get_tracepoints tracepoint_exists get_user_functions get_user_addresses get_user_functions_and_addresses
  kernel_struct_has_field kernel_enum_has_val
  support_kfunc support_lsm support_fmod_ret support_raw_tracepoint support_raw_tracepoint_in_module
  num_open_kprobes num_open_uprobes num_open_tracepoints get_probe_limit
  find_library find_exe monotonic_time generate_auto_includes dump_func disassemble_func decode_table
  close cleanup donothing free_bcc_memory
  BPF.KPROBE BPF.XDP BPF.XDP_PASS XDP_FLAGS_SKB_MODE bcc.containers.filter_by_containers
  BPFProgType BPFAttachType XDPAction XDPFlags PerfType PerfHWConfig PerfSWConfig PerfEventSampleFormat SymbolCache Perf
  TableBase Key Leaf max_entries flags get_fd items iteritems values itervalues keys next clear zero
  key_sprintf leaf_sprintf key_scanf leaf_scanf
  items_lookup_batch items_update_batch items_delete_batch items_lookup_and_delete_batch
  print_log2_hist print_linear_hist print_json_hist section_print_fn bucket_fn bucket_sort_fn
  HashTable LruHash LpmTrie MapInMapHash ArrayBase Array MapInMapArray DevMap CpuMap XskMap clearitem ProgArray CgroupArray
  PerCpuHash LruPerCpuHash PerCpuArray getvalue sum max average
  PerfEventArray event open_perf_buffer page_cnt lost_cb wakeup_events open_perf_event RingBuf open_ring_buffer
  StackTrace walk QueueStack push pop peek
  USDT enable_probe enable_probe_or_bail get_text get_context get_probe_arg_ctype enumerate_probes enumerate_active_probes attach_uprobes
  USDTProbe USDTProbeLocation USDTProbeArgument USDTException
  bcc.utils.printb bcc.utils.get_online_cpus bcc.utils.get_possible_cpus bcc.utils.detect_language bcc.utils.ArgString
  bcc.utils.StrcmpRewrite FILESYSTEMENCODING bcc.syscall.syscalls bcc.syscall.syscall_name bcc.containers.filter_by_containers bcc.tcp bcc.exec bcc.perf
  bcc.disassembler.disassemble_prog bcc.disassembler.disassemble_str bcc.disassembler.decode_map
  BCC_KERNEL_SOURCE BCC_LINUX_VERSION_CODE BCC_KERNEL_MODULES_SUFFIX BCC_SYMFS BCC_DEBUGINFO_ROOT BCC_PROBE_LIMIT ARCH TMPDIR
`.match(/\S+/g) as string[]

/** Cells of the tables; a bar inside of code is written with a backslash. */
const rows = readFileSync(PAGE, "utf8")
  .split("\n")
  .filter(line => /^\| /.test(line) && !/^\| (BCC |-)/.test(line))
  .map(line => line.split(/(?<!\\)\|/).map(cell => cell.trim().replaceAll("\\|", "|")))

const code = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text)

test("every name of BCC's API has a row, and every row with names has one of skep or a word why not", () => {
  const named = new Set(rows.flatMap(([, bcc]) => code(bcc)))
  assert.deepEqual(
    BCC.filter(name => !named.has(name)),
    [],
  )
  for (const [, bcc, skep] of rows) assert.ok(skep.length > 0, bcc)
})

test("commands of skep that are named exist", () => {
  const commands = rows.flatMap(([, , skep]) => code(skep)).filter(name => name.startsWith("skep "))
  for (const command of commands) assert.ok(Object.hasOwn(COMMANDS, command.split(" ")[1]), command)
})

/** What the lines take for granted. */
const AROUND = `import { BPF, HashTable, type Link } from "skep"
import * as skep from "skep"
declare const b: BPF, link: Link, t: HashTable<number, bigint>, pid: number, text: string, packet: Uint8Array
`

test("names and lines compile", () => {
  const exported = readFileSync("src/index.ts", "utf8")
  const isType = (name: string): boolean => new RegExp(`\\btype ${name}\\b`).test(exported)
  const names = new Set(rows.flatMap(([, , skep, line]) => (line === "" ? [] : code(skep))))
  const statements = [...names]
    .filter(name => !name.startsWith("skep "))
    .map((name, i) => {
      if (name.includes(".")) return `void ${name}`
      return isType(name) ? `export type Name${i} = skep.${name}` : `void skep.${name}`
    })
  const lines = rows.flatMap(([, , , line = ""]) => code(line))
  assert.ok(statements.length > 100 && lines.length > 100)
  const used = exported.match(/\w+(?=,\n)/g)?.filter(name => !["BPF", "HashTable", "Link"].includes(name)) ?? []
  const imports = used.map(name => (isType(name) ? `type ${name}` : name))
  const program = `${AROUND}import { ${imports.join(", ")} } from "skep"
${statements.join("\n")}
${lines.map((line, i) => `export async function line${i}() {\n  ${line}\n}`).join("\n")}
`
  mkdirSync("build/bcc-migration", { recursive: true })
  writeFileSync("build/bcc-migration/lines.ts", program)
  const config = {
    extends: "../../tsconfig.json",
    compilerOptions: { paths: { skep: ["../../src/index.ts"] }, rootDir: "../..", noUnusedLocals: false },
    files: ["lines.ts", "../../src/globals.d.ts"],
    include: [],
  }
  writeFileSync("build/bcc-migration/tsconfig.json", JSON.stringify(config))
  const tsc = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "--noEmit", "-p", "build/bcc-migration"])
  assert.equal(tsc.status, 0, String(tsc.stdout))
})
