import { type Fault, inWords } from "./fault.ts"
import type { Rule } from "./rule.ts"

const returns = (value: string, least: string, most: string, { type }: Fault) => ({
  what: `the program returns ${value}, and one of type ${type} ${least === most ? `returns ${least}` : `returns ${least} to ${most}`} only`,
  hint: `return a value from ${least} to ${most} on every path`,
})

const LOOPS = { feature: "bounded loops", minKernel: "5.3" }

/** What a program computes, how it goes on, and how it ends. */
export const FLOW_RULES: readonly Rule[] = [
  [
    /At (?:program exit|async callback exit|subprogram exit|callback return) the register R0 (?:has|is) (.*?) ?should have been in \[(-?\d+), (-?\d+)\]/,
    ([, value, least, most], fault) => {
      const [, from, to] = /smin=(-?\w+) smax=(-?\w+)/.exec(value) ?? []
      return returns(from === undefined || from !== to ? "a value that is not known" : from, least, most, fault)
    },
  ],
  [
    /At (?:program exit|async callback exit|subprogram exit|callback return) the register R0 has (.*?) ?should have been in \(0x([0-9a-f]+); 0x([0-9a-f]+)\)/,
    ([, value, base, mask], fault) => {
      const [, constant] = /value \(0x([0-9a-f]+); 0x0\)/.exec(value) ?? []
      const least = Number.parseInt(base, 16)
      const text = constant === undefined ? "a value that is not known" : String(Number.parseInt(constant, 16))
      return returns(text, String(least), String(least + Number.parseInt(mask, 16)), fault)
    },
    "program structure",
  ],
  [
    /At (?:program exit|async callback exit|subprogram exit|callback return) the register R0 is not a known value \((\w+)\)/,
    ([, kind]) => ({ what: `the program returns ${inWords(kind)} where a number is wanted`, hint: "return a number" }),
  ],
  [
    /R\d+ leaks addr/,
    () => ({
      what: "an address of the kernel would become visible outside of the program",
      hint: "only programs with CAP_PERFMON may store or return addresses: run it with sudo",
    }),
    "policy",
  ],
  [
    /BPF program is too large\. Processed (\d+) insn/,
    ([, count]) => ({
      what: `following every path of the program takes the verifier more than ${(Number(count) - 1).toLocaleString("en")} instructions`,
      hint: "fewer branches inside of loops, smaller bounds, bpf_loop, or functions that are not inlined (__noinline) and global",
    }),
  ],
  [
    /sequence of (\d+) jumps is too complex/,
    ([, count]) => ({
      what: `the program has more than ${Number(count) - 1} branches that are open at once`,
      hint: "take branches out of loops, or put parts into functions of their own",
    }),
  ],
  [
    /back-edge from insn|infinite loop detected/,
    () => ({
      what: "the loop has no end that the verifier can see",
      hint: "count to a constant: for (int i = 0; i < 100; i++), with the real end as a break inside; or bpf_loop",
      missing: LOOPS,
    }),
  ],
  [
    /unreachable insn/,
    () => ({
      what: "there is code that no path of the program leads to",
      hint: "take away what stands behind a return or an endless jump; in asm, what stands behind exit",
    }),
  ],
  [
    /last insn is not an exit or jmp|jump out of range|fallthrough|subprogram .* doesn't end/,
    () => ({
      what: "the function's end can be reached without a return, or a jump leads out of it",
      hint: "return a value at the end of the function; check the jumps of asm",
    }),
  ],
  [
    /combined stack size of (\d+) calls is (\d+)\. Too large/,
    ([, calls, bytes]) => ({
      what: `${calls} functions that call each other have ${bytes} bytes of local variables together, and 512 is the most`,
      hint: "put large variables into a per-CPU array map, or make the functions inline",
    }),
  ],
  [
    /the call stack of \d+ frames is too deep/,
    () => ({ what: "more than 8 functions call each other", hint: "make some of the functions inline" }),
  ],
  [/div by zero/, () => ({ what: "a number is divided by the constant 0", hint: "check the divisor's value" })],
  [
    /invalid shift (\d+)/,
    ([, count]) => ({
      what: `a number is shifted by ${count} bits, which it has not`,
      hint: "shift by less than its width",
    }),
  ],
  [
    /pointer [-+]= pointer prohibited|pointer arithmetic with (\S+) operator prohibited|bitwise operator (\S+) on pointer prohibited|subtract pointer from scalar prohibited|32-bit pointer arithmetic prohibited|R\d+ pointer arithmetic on (\w+) prohibited/,
    (match, fault) => ({
      what:
        match[1] !== undefined || match[2] !== undefined
          ? `a pointer is computed with by ${match[1] ?? match[2]}, and the verifier follows only additions of numbers`
          : match[3] !== undefined
            ? `a number is added to ${inWords(match[3])}, which cannot be computed with`
            : fault.insn.includes("-=")
              ? "a pointer is taken from a number"
              : "two pointers are added",
      hint: "add a number to a pointer, in 64 bits, after it was compared with its bounds",
    }),
    "register types",
  ],
  [
    /frame pointer is read only/,
    () => ({ what: "the frame pointer r10 is written", hint: "use another register in the asm statement" }),
  ],
]
