import { accessOf, byteCount, type Fault, inWords } from "./fault.ts"
import type { Rule } from "./rule.ts"

const NULL_HINT = "test the pointer before using it: if (!p) return 0;"

/** Who gave a pointer that may be NULL. */
function giver(fault: Fault, register: string, kind: string): string {
  const map = /map=(\w+)/.exec(fault.state(register))?.[1]
  if (map !== undefined) return `a lookup in map '${map}'`
  if (kind.startsWith("map_value")) return "a lookup in a map"
  return /ringbuf|alloc_mem/.test(kind) ? "bpf_ringbuf_reserve" : "the kernel"
}

const maybeNull = (fault: Fault, register: string, kind: string) => {
  const { done } = accessOf(fault)
  const use = fault.callee === undefined ? `what it points to is ${done}` : `it is passed to ${fault.callee}`
  return { what: `the pointer that ${giver(fault, register, kind)} gave may be NULL where ${use}`, hint: NULL_HINT }
}

/** `byte 8`, `bytes 8 to 15` */
const range = (from: number, size: number): string =>
  size === 1 ? `byte ${from}` : `bytes ${from} to ${from + size - 1}`

const boundHint = (size: number | undefined): string =>
  size === undefined
    ? "compare the index with the size before using it, or mask it: i &= 7"
    : `compare the index before using it, so that the access ends within ${byteCount(size)}; or mask it: i &= ${maskFor(size)}`

/** The largest mask below a size. */
const maskFor = (size: number): number => (size < 2 ? 0 : 2 ** Math.floor(Math.log2(size)) - 1)

/** The pointed-to thing's size, where the register's state has it. */
function sizeOf(state: string): number | undefined {
  const size = /\b(?:vs|sz|mem_size)=(\d+)/.exec(state)?.[1]
  return size === undefined ? undefined : Number(size)
}

/** Loads and stores, and the pointers they go through. */
export const MEMORY_RULES: readonly Rule[] = [
  [/R(\d+) invalid mem access '(\w*_or_null\w*)'/, ([, register, kind], fault) => maybeNull(fault, register, kind)],
  [
    /R(\d+) pointer arithmetic on (\w*_or_null\w*) prohibited/,
    ([, register, kind], fault) => ({
      what: `the pointer that ${giver(fault, register, kind)} gave may be NULL where a number is added to it`,
      hint: NULL_HINT,
    }),
  ],
  [
    /R(\d+) invalid mem access '(?:scalar|inv)'/,
    (_match, fault) => ({
      what: `a number is used as a pointer where memory is ${accessOf(fault).done}`,
      hint:
        "memory of the kernel is read with bpf_probe_read_kernel, that of a process with bpf_probe_read_user; " +
        "a record that was submitted or released, and a packet after its data moved, can no longer be used",
    }),
  ],
  [
    /R(\d+) invalid mem access '(\w+)'/,
    ([, register, kind], fault) => ({
      what: `memory cannot be ${accessOf(fault).done} through ${inWords(fault.state(register) || kind)}`,
      hint: "follow only pointers to memory: values of maps, local variables, the packet, the context",
    }),
  ],
  [
    /invalid access to (?:map (value|key)|memory), (?:value_size|key_size|mem_size)=(\d+) off=(-?\d+) size=(\d+)(?:.|\n)*R(\d+) (min|max) value is outside/,
    ([, , size, off, bytes, register, end], fault) => {
      const where = range(Number(off), Number(bytes))
      const thing = inWords(fault.state(register))
      const { done } = accessOf(fault)
      const may = end === "max" ? "may be" : "are"
      return {
        what: `${where} of ${thing} ${bytes === "1" && end === "min" ? "is" : may} ${done}, and it has ${byteCount(Number(size))}`,
        hint: boundHint(Number(size)),
      }
    },
  ],
  [
    /R(\d+) unbounded memory access, make sure to bounds check/,
    ([, register], fault) => ({
      what: `the index into ${inWords(fault.state(register))} has no upper bound`,
      hint: boundHint(sizeOf(fault.state(register))),
    }),
  ],
  [
    /R(\d+) min value is negative, either use unsigned index/,
    ([, register], fault) => ({
      what: `the index into ${inWords(fault.state(register))} may be negative`,
      hint: "use an unsigned index, or test that it is not below 0",
    }),
  ],
  [
    /value (-?\d+) makes (\w+) pointer be out of bounds|math between (\w+) pointer and register with unbounded min value|value (?:pointer )?.*makes (\w+) pointer be out of bounds/,
    (match, fault) => {
      const target = /^r(\d+) [-+]=/.exec(fault.insn)?.[1]
      const state = target === undefined ? "" : fault.state(target)
      return {
        what: `the index into ${inWords(state || (match[2] ?? match[3] ?? match[4] ?? ""))} may be negative, or far too large`,
        hint: "use an unsigned index and compare it with the size before using it",
      }
    },
  ],
  [
    /invalid access to packet, off=(-?\d+) size=(\d+), R\d+\(id=\d+,off=-?\d+,r=(\d+)\)/,
    ([, off, size, proved]) => ({
      what:
        `${range(Number(off), Number(size))} of the packet ${size === "1" ? "is" : "are"} used, and ` +
        (proved === "0"
          ? "no comparison with data_end shows that the packet is that long"
          : `only the first ${byteCount(Number(proved))} are known to be there`),
      hint: `compare first: if (data + ${Number(off) + Number(size)} > data_end) return …;`,
    }),
  ],
  [
    /invalid (?:unbounded )?variable-offset (?:indirect )?(read from|write to|access to) stack R\d+/,
    ([, done]) => ({
      what: `a local array is ${done === "write to" ? "written" : "read"} with an index that may lie outside of it`,
      hint: "compare the index with the array's length before using it, or mask it: i &= 7",
    }),
  ],
  [
    /invalid (?:indirect )?(?:read|access) (?:from|to) stack (?:R\d+ )?off (-?\d+)\+(\d+) size (\d+)/,
    (_match, fault) => ({
      what:
        fault.callee === undefined
          ? "a local variable is read before all of its bytes are set"
          : `a local variable is passed to ${fault.callee} before all of its bytes are set`,
      hint: "set the whole variable, the holes between its members too: struct key k = {};",
    }),
  ],
  [
    /invalid (?:indirect )?(read from|write to|access to) stack R\d+ off=(-?\d+)/,
    ([, done]) => ({
      what: `a place outside of the function's local variables is ${done === "write to" ? "written" : "read"}`,
      hint: "the variables of a function and of those it calls share 512 bytes; check the index and the size",
    }),
  ],
  [
    /R(\d+) !read_ok/,
    ([, register], fault) => ({
      what:
        register === "0" && fault.insn === "exit"
          ? "the function ends without a value to return"
          : "a variable is read before it is set",
      hint: register === "0" ? "return a value on every path" : "give it a value on every path that leads here",
    }),
  ],
  [
    /misaligned (?:\w+ )?access/,
    (_match, fault) => ({
      what: `${byteCount(accessOf(fault).bytes)} are ${accessOf(fault).done} at a place that is not a multiple of that`,
      hint: "align the member, or copy it byte by byte",
    }),
  ],
  [
    /attempt to corrupt spilled pointer|corrupted spill memory/,
    () => ({
      what: "a part of a pointer that is stored in a local variable is overwritten or read",
      hint: "write and read pointers whole, as 8 bytes",
    }),
  ],
  [
    /invalid bpf_context access off=(\d+) size=(\d+)/,
    ([, off, size], fault) => ({
      what: `programs of type ${fault.type} may not ${accessOf(fault).done === "read" ? "read" : "write"} ${range(Number(off), Number(size))} of their context`,
      hint: "not every member of the context can be read or written by every type of program, and only in its own width",
    }),
  ],
  [
    /variable ctx access|dereference of modified ctx ptr|negative offset ctx ptr/,
    () => ({
      what: "the context is used at a place that is known only at run time",
      hint: "name members of the context by constants: no index that is computed, no pointer that was added to",
    }),
  ],
  [
    /write into map forbidden|cannot write into (?:map|rdonly|\w*rdonly)|R\d+ cannot write into (\w+)|only read (?:from \w+ )?is supported/,
    (_match, fault) => ({
      what: `memory that is read-only is written${fault.callee === undefined ? "" : ` by ${fault.callee}`}`,
      hint: "constants (const, .rodata), maps with BPF_F_RDONLY_PROG and structs of the kernel cannot be changed",
    }),
  ],
  [
    /access beyond (?:the end of member \w+ \(mend:\d+\) in )?struct (\w+)(?: at off (\d+) size (\d+)| with off (\d+) and size (\d+))?/,
    ([, name]) => ({
      what: `memory behind the end of the kernel's struct ${name} is read`,
      hint: "check the cast and the type of the pointer",
    }),
  ],
]
