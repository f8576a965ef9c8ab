import { type Command, command } from "../command.ts"

/** `skep cc`; `run` takes clang's command line. */
export const ccCommand = (run: (args: readonly string[], version: string) => number | Promise<number>): Command =>
  command({
    usage: "[-O2] [-g] [-target bpf] -c FILE.c -o FILE.o",
    about:
      "Compiles C to BPF objects with the command line of clang, for makefiles, bpf2go and perf. " +
      "Options that cannot change a BPF program are taken and left alone; docs/skep-cc.md has the list. " +
      "The same program under the name skep-cc is for tools that take one word for the compiler.",
    positionals: [0, Number.POSITIVE_INFINITY],
    options: {},
    examples: [
      ["skep cc -O2 -g -target bpf -c a.c -o a.o", "writes a.o"],
      ["skep cc -g -c a.c -MMD -MP", "writes a.o, and a.d for make"],
      ["skep cc -E -Iinclude a.c", "shows the text after preprocessing"],
      ["skep cc -S -mcpu=v4 a.c -o -", "shows the instructions"],
    ],
    run: () => 0,
    raw: (args, version) => run(args, version()),
  })
