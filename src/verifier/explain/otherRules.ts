import { inWords } from "./fault.ts"
import type { Explanation, Rule } from "./rule.ts"

const says = (what: string, hint: string) => (): Omit<Explanation, "category"> => ({ what, hint })

const UNPRIVILEGED = "without CAP_BPF and CAP_PERFMON the kernel allows less: run it with sudo"
const MISTAKE = "no compiler writes that: compile the program again, or check its asm"
const KPTR = "read and write the pointer whole, as its own variable; bpf_kptr_xchg takes and gives a referenced one"

/** Faults that few programs have: of locks, timers, kernel pointers in maps, dynptrs, hand-written code and unprivileged users. */
export const OTHER_RULES: readonly Rule[] = [
  // Less than the rules of memory know of
  [
    /invalid access to packet/,
    says("bytes of the packet are used that are not known to be there", "compare with data_end first"),
    "memory",
  ],
  [
    /outside of the (?:allowed memory range|packet)/,
    says("memory outside of an object is used", "compare the index with the object's size first"),
    "memory",
  ],
  [
    /has unknown scalar with mixed signed bounds/,
    says("an index is compared as signed in one place and as unsigned in another", "make it unsigned everywhere"),
    "memory",
  ],
  [
    /math between (\w+) pointer and (?:-?\d+|register)|(\w+) pointer offset -?\d+|(\w+) pointer and -?\d+/,
    match => ({
      what: `a number is added to ${inWords(match[1] ?? match[2] ?? match[3] ?? "")} that is far too large, or not bounded`,
      hint: "use an unsigned index and compare it with the size before using it",
    }),
    "memory",
  ],
  [
    /negative offset (\w+) ptr/,
    ([, kind]) => ({
      what: `a negative number was added to ${inWords(kind)}`,
      hint: "use the pointer as it was given",
    }),
  ],
  [
    /dereference of modified (\w+) ptr/,
    ([, kind]) => ({
      what: `a number was added to ${inWords(kind)} before it is used`,
      hint: "use the pointer as it was given",
    }),
  ],
  [
    /leaking pointer from stack|partial copy of pointer/,
    says("a part of a pointer is copied, which would make an address visible", "copy pointers whole"),
    "policy",
  ],
  [
    /invalid size of register (?:fill|spill)/,
    says("a part of a pointer that is stored in a local variable is used", "read and write pointers whole, as 8 bytes"),
    "memory",
  ],
  [
    /read from map forbidden/,
    says("a map that programs may only write is read", "leave BPF_F_WRONLY_PROG out of its flags"),
    "memory",
  ],
  [
    /cannot write into (\w+)/,
    ([, kind]) => ({
      what: `${inWords(kind)} is written, which this program may only read`,
      hint: "write to a copy, or use the helper that changes it",
    }),
    "memory",
  ],
  [
    /cannot be accessed directly|invalid (\w+) access/,
    ([, kind]) => ({
      what: `${kind === undefined ? "this object" : inWords(kind)} cannot be used at that place, or in that width`,
      hint: "use the members that the type of program may use, each in its own width",
    }),
    "memory",
  ],
  [
    /BPF_ATOMIC stores into R\d+ (\w+) is not allowed/,
    ([, kind]) => ({
      what: `an atomic operation is on ${inWords(kind)}`,
      hint: "atomic operations work on values of maps and local variables",
    }),
    "memory",
  ],
  [
    /same insn cannot be used with different pointers/,
    says(
      "one line of the program reaches two kinds of memory, depending on the path",
      "write the two accesses apart, each on its own path",
    ),
  ],
  [
    /R\d+ type=(\w+) expected|expected pointer to ctx, but got|helper access to the packet is not allowed|Unsupported reg type/,
    says("an argument is of another kind than the function takes", "check the order of the arguments and their types"),
  ],
  [
    /invalid (?:variable )?(?:\w+ )?buffer (?:access|offset)/,
    says(
      "a place outside of the buffer that the context gives is used",
      "stay within the size that comes with the buffer",
    ),
    "memory",
  ],
  [
    /unsupported member (\w+) of struct (\w+)/,
    ([, member, record]) => ({
      what: `programs may not implement ${member} of the kernel's ${record}`,
      hint: "leave the member out",
    }),
    "calls",
  ],
  // Objects of the kernel
  [
    /kptr/,
    says("a pointer to an object of the kernel in a map is used otherwise than whole", KPTR),
    "resource lifetime",
  ],
  [
    /is an unacquired reference|must be (?:referenced|acquired)/,
    says(
      "an object is given back that was not taken, or was given back already",
      "release each object once, on the path that took it",
    ),
    "resource lifetime",
  ],
  [
    /dynptr/,
    says(
      "a dynptr is used that is not set up, or is used twice",
      "make it with bpf_dynptr_from_mem or bpf_ringbuf_reserve_dynptr, pass its address as it is, and give it back once",
    ),
    "resource lifetime",
  ],
  [
    /(?:iter|iterator)\b.*(?:expected|uninitialized|initialized)|expected an? (?:un)?initialized iter/,
    says(
      "an iterator is used before it is made, or not destroyed",
      "call its _new, _next and _destroy in this order; bpf_for_each does so",
    ),
    "resource lifetime",
  ],
  [
    /tail_calls? .*(?:reference|lock)|cannot be mixed with (?:socket|reference)/,
    says("the program leaves while it holds an object of the kernel", "release the object before the tail call"),
    "resource lifetime",
  ],
  [
    /tail_call abusing map_ptr/,
    says("a tail call takes its map from several paths", "write a tail call for each map"),
    "calls",
  ],
  [
    /tracing progs cannot use bpf_(\w+) yet/,
    ([, what]) => ({
      what: `tracing programs cannot use bpf_${what} in this kernel`,
      hint: "use an atomic operation, or another type of program",
    }),
    "execution context",
  ],
  [
    /spin_lock|bpf_timer|workqueue/,
    says(
      "a lock or timer in a map's value is used otherwise than as a whole",
      "pass its address in a map's value to its helpers; declare it with its own type, at a constant place",
    ),
    "resource lifetime",
  ],
  [
    /get_local_storage\(\) doesn't support non-zero flags/,
    says("bpf_get_local_storage is called with flags", "pass 0"),
    "calls",
  ],
  // Functions of the program
  [
    /Caller passes invalid args into func#(\d+)/,
    says(
      "a global function is called with an argument it does not take",
      "test pointers for NULL before the call, and pass the context or memory of a known size",
    ),
    "calls",
  ],
  [
    /doesn't return scalar|global functions? .*calls are not allowed/,
    says("a global function returns no number", "return a number, or make the function static"),
    "program structure",
  ],
  [
    /arg#\d+ .*(?:pointer type|reference type)|must point to scalar|size cannot be determined/,
    says(
      "a global function has a parameter that the verifier cannot check",
      "take numbers, the context, or pointers to structs of numbers; or make the function static",
    ),
    "calls",
  ],
  // Users
  [
    /allowed (?:for|only to) CAP_|are allowed for/,
    says("the program does something that this user may not", UNPRIVILEGED),
    "policy",
  ],
  [
    /unsupported alu operation|from different maps, paths or scalars|tried to (?:add|subtract)|arithmetic (?:of map value )?goes out of range|pointer comparison prohibited|R\d+ pointer comparison|prohibited for !root/,
    says("a pointer is computed with in a way that only privileged users may", UNPRIVILEGED),
    "policy",
  ],
  // Code that was not compiled
  [
    /unknown opcode|uses reserved fields|R\d+ is invalid|invalid bpf_ld_imm64|unrecognized bpf_ld_imm64|into the middle of ldimm64|invalid destination|not pointing to valid bpf_map|direct value offset|BPF_LD_IMM64/,
    says("the program's code is damaged, or made for another kernel", MISTAKE),
    "program structure",
  ],
]
