import type { CcHeaders } from "./headers.ts"

/** The clang that skep passes for: `__clang_major__` and its like say the same. */
const CLANG = "18.0.0"

/** What `--version`, `-dumpversion`, `-dumpmachine` and `-print-…` print; undefined for a question that is not known. */
export function answer(question: string, version: string): string | undefined {
  switch (question) {
    case "version":
      return `skep cc ${version} (takes the command line of clang version ${CLANG})\nTarget: bpf\nThread model: single\n`
    case "dumpversion":
      return `${CLANG}\n`
    case "dumpmachine":
    case "print-target-triple":
    case "print-effective-triple":
      return "bpf\n"
    case "print-multi-os-directory":
    case "print-multi-directory":
      return ".\n"
    case "print-resource-dir":
    case "print-search-dirs":
    case "print-sysroot":
    case "print-multiarch":
    case "print-libgcc-file-name":
      return "\n"
    case "print-targets":
      return "  Registered Targets:\n    bpf   - BPF (little endian)\n    bpfel - BPF (little endian)\n"
    case "print-supported-cpus":
      return "Available CPUs for this target:\n\n\tgeneric\n\tprobe\n\tv1\n\tv2\n\tv3\n\tv4\n"
    default: {
      // A program or a file that is not part of the compiler is answered by its own name.
      const [, name] = /^print-(?:prog|file)-name=(.*)$/s.exec(question) ?? []
      return name === undefined ? undefined : `${name}\n`
    }
  }
}

/** Where headers are looked for, as `-v` says it; makefiles read this. */
export function searchList(quoted: readonly string[], headers: CcHeaders): string {
  const angled = headers.angled.map(({ path }) => path)
  return [
    '#include "..." search starts here:',
    ...quoted.map(path => ` ${path}`),
    "#include <...> search starts here:",
    ...angled.map(path => ` ${path}`),
    "End of search list.",
    "",
  ].join("\n")
}
